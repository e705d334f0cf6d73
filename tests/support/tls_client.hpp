// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS over a socket, with nothing but OpenSSL. One thread may read while
// another writes.
#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <memory>
#include <mutex>
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
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  }

  /// False: there is no agreement; `error` says why.
  bool shake_hands() {
    return run([this] { return SSL_connect(ssl_.get()); });
  }
  /// 0 at the end, whether it was said or not, and after half a minute of nothing.
  std::size_t read(char* bytes, std::size_t size) {
    std::size_t got = 0;
    run([&] { return SSL_read_ex(ssl_.get(), bytes, size, &got); });
    return got;
  }
  bool write(std::string_view bytes) {
    std::size_t put = 0;
    return run([&] { return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put); });
  }
  /// Nothing to read has come so far, and no end either.
  bool nothing_came() {
    const std::lock_guard lock(mutex_);
    ERR_clear_error();
    char first = 0;
    const int result = SSL_peek(ssl_.get(), &first, 1);
    return result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  }
  /// Says that nothing more comes.
  void say_end() {
    const std::lock_guard lock(mutex_);
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  /// What this version of TLS does in the middle of a connection: new keys (1.3).
  bool renew_keys() {
    return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 &&
           run([this] { return SSL_do_handshake(ssl_.get()); });
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
  // Until it is done; 1 says so.
  template <class Call>
  bool run(Call call) {
    constexpr int patience = 30'000;  // ms
    while (true) {
      pollfd ready{SSL_get_fd(ssl_.get()), POLLIN, 0};
      {
        const std::lock_guard lock(mutex_);
        ERR_clear_error();
        const int result = call();
        if (result == 1) return true;
        const int wanted = SSL_get_error(ssl_.get(), result);
        if (wanted == SSL_ERROR_WANT_WRITE) ready.events = POLLOUT;
        if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
          const char* const reason = ERR_reason_error_string(ERR_peek_error());
          error_ = reason != nullptr ? reason : "closed";
          return false;
        }
      }
      if (::poll(&ready, 1, patience) <= 0) return false;
    }
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::mutex mutex_;
  std::string error_;
};

}  // namespace longhaul::test
