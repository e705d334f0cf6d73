# The installed package: headers, one static library a layer, a CMake package and a pkg-config file.
# `find_package(longhaul)` gives longhaul::longhaul, and longhaul::testing for tests of servers; the
# layers behind them are details.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(layers base json typed auth stores sqlite open tasks server protocol client wire transport operator
    telemetry run)
set(LONGHAUL_PC_POSTGRES "")
if(LONGHAUL_POSTGRES)
  list(INSERT layers 6 postgres)
  set(LONGHAUL_PC_POSTGRES "-lpq ")
endif()
list(TRANSFORM layers PREPEND longhaul_ OUTPUT_VARIABLE layer_targets)
install(TARGETS longhaul ${layer_targets} longhaul_testing EXPORT longhaulTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/longhaul DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/longhaul)
install(EXPORT longhaulTargets NAMESPACE longhaul:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/longhaulConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/longhaulConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Until 1.0 every minor version may break callers.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/longhaulConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/longhaulConfig.cmake
              ${PROJECT_BINARY_DIR}/longhaulConfigVersion.cmake
        DESTINATION ${package_dir})

# Upper layers first: a static linker reads from left to right.
set(LONGHAUL_PC_LIBS "")
foreach(layer IN LISTS layers)
  get_target_property(type longhaul_${layer} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    string(PREPEND LONGHAUL_PC_LIBS "-llonghaul_${layer} ")
  endif()
endforeach()
# Relative, so that the folder may be moved, and `cmake --install --prefix` told otherwise.
file(RELATIVE_PATH LONGHAUL_PC_TO_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(${PROJECT_SOURCE_DIR}/cmake/longhaul.pc.in ${PROJECT_BINARY_DIR}/longhaul.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/longhaul.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
