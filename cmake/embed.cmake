# longhaul_embed(TARGET): compiles the files of src/operator/page and src/operator/openapi.json into
# TARGET (operator/page_files.hpp). A file that changes is embedded anew with the next build.

# A static array of the bytes of FILE.
function(longhaul_bytes_of file name out)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  set(${out} "const char ${name}[] = {\n${bytes}'\\0'};\n" PARENT_SCOPE)
endfunction()

function(longhaul_embed target)
  set(folder ${PROJECT_SOURCE_DIR}/src/operator)
  set(type_html "text/html; charset=utf-8")
  set(type_css "text/css; charset=utf-8")
  set(type_js "text/javascript; charset=utf-8")
  set(type_svg "image/svg+xml")
  file(GLOB files CONFIGURE_DEPENDS ${folder}/page/*)
  set(arrays "")
  set(rows "")
  set(number 0)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    get_filename_component(kind ${file} LAST_EXT)
    string(SUBSTRING ${kind} 1 -1 kind)
    longhaul_bytes_of(${file} file_${number} array)
    string(APPEND arrays "${array}")
    set(path "/${name}")
    if(name STREQUAL "index.html")
      set(path "/")
    endif()
    string(APPEND rows "    {\"${path}\", \"${type_${kind}}\", "
           "{file_${number}, sizeof file_${number} - 1}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  longhaul_bytes_of(${folder}/openapi.json description array)
  string(APPEND arrays "${array}")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/page_files.cpp @ONLY CONTENT
"// Made by cmake/embed.cmake.
#include \"operator/page_files.hpp\"

#include <array>

namespace longhaul::operating {
namespace {

@arrays@
const std::array<page_file, @number@> files = {{
@rows@}};

}  // namespace

std::span<const page_file> page_files() noexcept { return files; }
std::string_view api_description() noexcept { return {description, sizeof description - 1}; }

}  // namespace longhaul::operating
")
  target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/page_files.cpp)
endfunction()
