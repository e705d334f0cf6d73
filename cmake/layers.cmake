# longhaul_layer(NAME LINK lib…): the static library longhaul_NAME from src/NAME/*.cpp.
# longhaul_test(NAME LINK lib…): the test executable longhaul-NAME-tests from tests/NAME/*.cpp and
# from tests/issues/NAME_*_test.cpp: bugs that were mended, each with its story.

add_library(longhaul_flags INTERFACE)
target_compile_options(longhaul_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(longhaul_flags INTERFACE -Wthread-safety)
else()
  # g++ 12 takes the frame allocator of Asio's coroutines, once inlined, for a mismatched pair, and
  # finds impossible copies in its own string functions (GCC bugs 105329 and 105651).
  target_compile_options(longhaul_flags INTERFACE
    -Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-array-bounds)
endif()
if(LONGHAUL_SANITIZE)
  target_compile_options(longhaul_flags INTERFACE
    -fsanitize=${LONGHAUL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(longhaul_flags INTERFACE -fsanitize=${LONGHAUL_SANITIZE})
endif()

function(longhaul_layer name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(target longhaul_${name})
  if(NOT sources)
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
    target_link_libraries(${target} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
           $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_link_libraries(${target} PUBLIC ${arg_LINK} PRIVATE $<BUILD_INTERFACE:longhaul_flags>)
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)
endfunction()

function(longhaul_test name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp
       ${PROJECT_SOURCE_DIR}/tests/issues/${name}_*_test.cpp)
  if(NOT sources)
    return()
  endif()
  set(target longhaul-${name}-tests)
  add_executable(${target} ${sources} ${PROJECT_SOURCE_DIR}/tests/support/watchdog.cpp)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE
    LONGHAUL_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/${name}")
  target_link_libraries(${target} PRIVATE ${arg_LINK} longhaul_flags GTest::gtest GTest::gtest_main)
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp <gtest/gtest.h>)
  add_test(NAME ${name} COMMAND ${target})
endfunction()
