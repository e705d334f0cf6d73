// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS over a socket that blocks, with nothing but OpenSSL.
#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace longhaul::test {

class tls_client {
 public:
  /// `newest`: the version of TLS that is offered at most; 0: what there is. `protocols`: for ALPN,
  /// each behind its length. Who the server is, is not asked: see `serial`.
  explicit tls_client(int socket, int newest = 0, std::string_view protocols = {})
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        ssl_(SSL_new(context_.get()), &SSL_free) {
    // So that an old version is refused by the server, not by this side.
    SSL_set_security_level(ssl_.get(), 0);
    if (newest != 0) {
      SSL_set_min_proto_version(ssl_.get(), newest);
      SSL_set_max_proto_version(ssl_.get(), newest);
    }
    if (!protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    }
    SSL_set_fd(ssl_.get(), socket);
  }

  /// False: there is no agreement; `error` says why.
  bool shake_hands() {
    ERR_clear_error();
    return SSL_connect(ssl_.get()) == 1 || failed();
  }
  /// 0 at the end, whether it was said or not.
  std::size_t read(char* bytes, std::size_t size) {
    ERR_clear_error();
    std::size_t got = 0;
    if (SSL_read_ex(ssl_.get(), bytes, size, &got) != 1) failed();
    return got;
  }
  bool write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t put = 0;
    return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put) == 1 || failed();
  }
  /// Nothing to read has come so far, and no end either.
  bool nothing_came() {
    const int socket = SSL_get_fd(ssl_.get()), flags = ::fcntl(socket, F_GETFL);
    ::fcntl(socket, F_SETFL, flags | O_NONBLOCK);
    ERR_clear_error();
    char first = 0;
    const int result = SSL_peek(ssl_.get(), &first, 1);
    ::fcntl(socket, F_SETFL, flags);
    return result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  }
  /// Says that nothing more comes.
  void say_end() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  /// What this version of TLS does in the middle of a connection: new keys (1.3).
  bool renew_keys() {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 &&
           SSL_do_handshake(ssl_.get()) == 1;
  }

  const std::string& error() const { return error_; }
  std::string_view version() const { return SSL_get_version(ssl_.get()); }
  /// By ALPN; empty: none.
  std::string_view protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }
  /// Of the server's certificate.
  long serial() const {
    const std::unique_ptr<X509, decltype(&X509_free)> theirs(SSL_get1_peer_certificate(ssl_.get()),
                                                             &X509_free);
    return theirs ? ASN1_INTEGER_get(X509_get0_serialNumber(theirs.get())) : 0;
  }
  /// The server said that nothing more comes.
  bool was_ended() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

 private:
  bool failed() {
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    error_ = reason != nullptr ? reason : "closed";
    return false;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string error_;
};

}  // namespace longhaul::test
