// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_identity.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace longhaul::transport {
namespace {

constexpr std::string_view http_1_1 = "\x08http/1.1";

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  ERR_clear_error();
  throw std::invalid_argument("TLS: " + file + ": " + why);
}

void check_readable(const std::string& file, const char* holds) {
  std::FILE* const opened = std::fopen(file.c_str(), "re");
  const int failed = errno;
  if (opened == nullptr) {
    refuse(file, "the " + std::string(holds) + " cannot be read (" +
                     std::generic_category().message(failed) +
                     "): give the path of a PEM file that this user may read");
  }
  std::fclose(opened);
}

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

// RFC 7301: a client that speaks none of ours is told so.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(http_1_1.data()),
                            static_cast<unsigned>(http_1_1.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string text_of(const ASN1_TIME* time) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!out || ASN1_TIME_print(out.get(), time) != 1) return "an unknown time";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void check_validity(SSL_CTX* context, const std::string& file) {
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  const ASN1_TIME* const until = X509_get0_notAfter(certificate);
  const ASN1_TIME* const from = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(until) < 0) {
    refuse(file, "the certificate expired on " + text_of(until) + ": get a new one");
  }
  if (X509_cmp_current_time(from) > 0) {
    refuse(file, "the certificate is not valid before " + text_of(from) +
                     ": look at the clock of this machine, or wait");
  }
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Without buffers while idle. What is left of a write is offered from wherever it is then.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Clients come back with tickets, which cost this side no memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

std::shared_ptr<SSL_CTX> read_pair(const tls_files& files) {
  if (files.certificate.empty())
    refuse("tls_certificate", "is missing: tls_key alone is not enough");
  if (files.key.empty()) refuse("tls_key", "is missing: tls_certificate alone is not enough");
  check_readable(files.certificate, "certificate");
  check_readable(files.key, "private key");
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (!context) throw std::runtime_error("TLS is not available: OpenSSL cannot be set up");
  set_rules(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    refuse(files.certificate,
           "there is no certificate in it: it must be PEM (-----BEGIN CERTIFICATE-----), the "
           "server's certificate first and its chain behind it");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const auto error = ERR_peek_error();
    if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH) {
      refuse(files.key, "the key does not belong to the certificate in " + files.certificate +
                            ": give the two that were made together");
    }
    refuse(files.key,
           "there is no private key in it that can be used: it must be PEM (-----BEGIN PRIVATE "
           "KEY-----) and not protected by a passphrase");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    refuse(files.key, "the key does not belong to the certificate in " + files.certificate +
                          ": give the two that were made together");
  }
  check_validity(context.get(), files.certificate);
  return context;
}

}  // namespace

tls_identity::tls_identity(tls_files files)
    : files_(std::move(files)), context_(read_pair(files_)) {}

tls_identity::~tls_identity() = default;

void tls_identity::reload() {
  auto fresh = read_pair(files_);
  const guard lock(mutex_);
  context_ = std::move(fresh);
}

std::shared_ptr<ssl_ctx_st> tls_identity::current() const {
  const guard lock(mutex_);
  return context_;
}

std::string tls_identity::valid_until() const {
  return text_of(X509_get0_notAfter(SSL_CTX_get0_certificate(current().get())));
}

std::unique_ptr<stream> tls_identity::secure(tcp_socket socket) const {
  return make_tls_stream(std::move(socket), *current());
}

}  // namespace longhaul::transport
