// SPDX-License-Identifier: Apache-2.0
#include "typed/binary.hpp"

#include <openssl/evp.h>

#include <limits>
#include <stdexcept>

namespace longhaul::detail {

std::string base64(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<int>::max() / 2) {
    throw std::invalid_argument("content of more than 1 GiB");
  }
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a final NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace longhaul::detail
