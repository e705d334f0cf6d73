// SPDX-License-Identifier: Apache-2.0
// Who this server is to clients that come over TLS: a certificate chain and its key, from two PEM
// files, and what is agreed with every client (TLS 1.2 or later, HTTP/1.1, no renegotiation).
//
// A pair that was read again counts for connections that come from then on; those that exist keep
// theirs. Threads: any.
#pragma once

#include <memory>
#include <string>

#include "base/mutex.hpp"
#include "transport/stream.hpp"

struct ssl_ctx_st;  // of OpenSSL, whose headers stay in the two files that use them

namespace longhaul::transport {

struct tls_files {
  std::string certificate;  ///< path of a PEM file: the server's certificate, then the chain
  std::string key;          ///< path of a PEM file: its private key, not encrypted

  /// False: plain HTTP is wanted. One of them alone is a fault.
  bool given() const noexcept { return !certificate.empty() || !key.empty(); }
};

class tls_identity {
 public:
  /// Reads the files. Throws `std::invalid_argument` that names the file and says what to do: one
  /// cannot be read, is no PEM, does not belong to the other, or the certificate is not valid now.
  explicit tls_identity(tls_files files);
  ~tls_identity();
  tls_identity(const tls_identity&) = delete;
  tls_identity& operator=(const tls_identity&) = delete;

  /// Reads them again. Throws as above; then the old pair stays.
  void reload();
  /// Until when the certificate is valid, for people.
  std::string valid_until() const;
  /// TLS over a connected socket.
  std::unique_ptr<stream> secure(tcp_socket socket) const;

 private:
  std::shared_ptr<ssl_ctx_st> current() const;

  const tls_files files_;
  mutable guarded_mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_ LONGHAUL_GUARDED_BY(mutex_);
};

/// Requires: SIGPIPE is ignored or blocked on the threads that use it.
std::unique_ptr<stream> make_tls_stream(tcp_socket socket, ssl_ctx_st& context);

}  // namespace longhaul::transport
