// SPDX-License-Identifier: Apache-2.0
// The page of operators: the files of src/operator/page and the description of the API, as they
// were when this was built (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace longhaul::operating {

struct page_file {
  std::string_view path, content_type, body;
};

/// What anybody may have who reaches the listener: nothing in it is secret.
std::span<const page_file> page_files() noexcept;
/// src/operator/openapi.json.
std::string_view api_description() noexcept;

}  // namespace longhaul::operating
