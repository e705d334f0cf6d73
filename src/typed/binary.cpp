// SPDX-License-Identifier: Apache-2.0
#include "typed/binary.hpp"

#include <openssl/evp.h>

#include <limits>
#include <stdexcept>

namespace longhaul::detail {
namespace {

// Behind `lead`, with room for one character more.
std::string encoded(std::string_view lead, std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<int>::max() / 2) {
    throw std::invalid_argument("content of more than 1 GiB");
  }
  // OpenSSL writes a final NUL.
  std::string out(lead.size() + (bytes.size() + 2) / 3 * 4 + 1, '\0');
  out.replace(0, lead.size(), lead);
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + lead.size()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(lead.size() + static_cast<std::size_t>(size));
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) { return encoded({}, bytes); }

std::string base64_json(std::string_view bytes) {
  std::string text = encoded("\"", bytes);
  text += '"';
  return text;
}

}  // namespace longhaul::detail
