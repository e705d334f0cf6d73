# longhaul_layer(NAME LINK lib…): the static library longhaul_NAME from src/NAME/*.cpp.
# longhaul_test(NAME [LAYERS layer…] LINK lib…): the test executable longhaul-NAME-tests from
# tests/NAME/*.cpp and from tests/issues/NAME_*_test.cpp: bugs that were mended, each with its story;
# the same of further LAYERS.

add_library(longhaul_flags INTERFACE)
# RE2 brings -pthread, and precompiled headers are shared.
target_compile_options(longhaul_flags INTERFACE -pthread)
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

# The optimiser costs most of a test's compile time, and what is tested is in src/. A name of a test
# that hides another is no mistake: files that are compiled together see the names of each other, and
# a test those of its fixture.
add_library(longhaul_test_flags INTERFACE)  # behind longhaul_flags
target_compile_options(longhaul_test_flags INTERFACE -O0 -Wno-shadow)
if(LONGHAUL_SANITIZE)
  # A report names the lines of src/ and the functions of tests: lines of both cost a fifth more.
  target_compile_options(longhaul_test_flags INTERFACE -g0)
endif()

# longhaul_precompiled(TARGET pch|test_pch): one set of precompiled headers for all layers and one
# for all tests; each target would make its own otherwise.
foreach(kind pch test_pch)
  if(kind STREQUAL test_pch AND NOT LONGHAUL_TESTS)
    continue()
  endif()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${kind}.cpp CONTENT "")
  add_library(longhaul_${kind} OBJECT ${PROJECT_BINARY_DIR}/${kind}.cpp)
  target_precompile_headers(longhaul_${kind} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${kind}.hpp)
  target_include_directories(longhaul_${kind} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(longhaul_${kind} PRIVATE Boost::headers Boost::json
    longhaul_flags
    $<$<STREQUAL:${kind},test_pch>:longhaul_test_flags>
    $<$<STREQUAL:${kind},test_pch>:GTest::gtest>)
endforeach()
if(LONGHAUL_TESTS)  # as CMake compiles an executable
  set_target_properties(longhaul_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(longhaul_test_pch PRIVATE -fPIE)
endif()

function(longhaul_precompiled target kind)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:Boost::json>)  # the same macros
  target_precompile_headers(${target} REUSE_FROM longhaul_${kind})
endfunction()

function(longhaul_layer name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp
       ${PROJECT_SOURCE_DIR}/src/${name}/*/*.cpp)
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
  longhaul_precompiled(${target} pch)
endfunction()

# What suites share and tests need not compile again: each is compiled once.
if(LONGHAUL_TESTS)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
  add_library(longhaul_test_support OBJECT ${sources})
  target_include_directories(longhaul_test_support PRIVATE
    ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(longhaul_test_support PRIVATE
    longhaul_flags longhaul_test_flags Boost::headers GTest::gtest)
  set_target_properties(longhaul_test_support PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(longhaul_test_support PRIVATE -fPIE)
  longhaul_precompiled(longhaul_test_support test_pch)
endif()

function(longhaul_test name)
  cmake_parse_arguments(arg "" "" "LAYERS;LINK" ${ARGN})
  set(patterns "")
  foreach(layer IN ITEMS ${name} ${arg_LAYERS})
    list(APPEND patterns ${PROJECT_SOURCE_DIR}/tests/${layer}/*.cpp
                         ${PROJECT_SOURCE_DIR}/tests/issues/${layer}_*_test.cpp)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)
    return()
  endif()
  set(target longhaul-${name}-tests)
  add_executable(${target} ${sources} $<TARGET_OBJECTS:longhaul_test_support>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE
    LONGHAUL_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/${name}")
  target_link_libraries(${target} PRIVATE
    ${arg_LINK} longhaul_flags longhaul_test_flags GTest::gtest GTest::gtest_main)
  longhaul_precompiled(${target} test_pch)
  add_test(NAME ${name} COMMAND ${target})
endfunction()
