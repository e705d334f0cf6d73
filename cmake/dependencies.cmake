# Debian 12 packages only; scripts/install-deps.sh brings them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(simdjson 3 REQUIRED)
if(LONGHAUL_TESTS)
  find_package(GTest REQUIRED)
endif()
