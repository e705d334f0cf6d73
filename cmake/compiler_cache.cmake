# Objects come from ccache where it is installed. Precompiled headers need the looser checks, and
# each compiler a flag without which ccache gives up on them.
find_program(LONGHAUL_CCACHE ccache)
mark_as_advanced(LONGHAUL_CCACHE)
if(LONGHAUL_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${LONGHAUL_CCACHE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  else()
    add_compile_options(-fpch-preprocess)
  endif()
endif()
