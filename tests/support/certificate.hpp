// SPDX-License-Identifier: Apache-2.0
// A certificate that a test makes for itself, with its key, in a folder of its own.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "support/temporary_folder.hpp"

namespace longhaul::test {

/// `certificate.pem`, for localhost, 127.0.0.1 and ::1, signed by itself, and `key.pem`.
class certificate {
 public:
  /// Seconds from now.
  explicit certificate(long valid_from = -3600, long valid_until = 3600)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), made_(X509_new(), &X509_free) {
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(made_.get()), ++serial);
    X509_set_version(made_.get(), 2);
    X509_gmtime_adj(X509_getm_notBefore(made_.get()), valid_from);
    X509_gmtime_adj(X509_getm_notAfter(made_.get()), valid_until);
    X509_set_pubkey(made_.get(), key_.get());
    X509_NAME* const name = X509_get_subject_name(made_.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(made_.get(), name);
    add(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    add(NID_basic_constraints, "critical,CA:TRUE");
    if (X509_sign(made_.get(), key_.get(), EVP_sha256()) == 0) {
      throw std::runtime_error("no certificate can be made");
    }
    write(file(), [&](std::FILE* out) { return PEM_write_X509(out, made_.get()); });
    write(key(), [&](std::FILE* out) { return write_key(out, nullptr, nullptr); });
  }

  std::string file() const { return folder_.file("certificate.pem"); }
  std::string key() const { return folder_.file("key.pem"); }
  const temporary_folder& folder() const { return folder_; }
  long serial() const { return ASN1_INTEGER_get(X509_get0_serialNumber(made_.get())); }

  /// Its files hold what those of the other hold.
  void become(const certificate& other) const {
    constexpr auto over = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(other.file(), file(), over);
    std::filesystem::copy_file(other.key(), key(), over);
  }
  /// The key in its file is of no use without a passphrase.
  void protect_key() const {
    write(key(), [&](std::FILE* out) { return write_key(out, EVP_aes_128_cbc(), "passphrase"); });
  }

 private:
  template <class Write>
  static void write(const std::string& path, Write write_to) {
    std::FILE* const out = std::fopen(path.c_str(), "we");
    if (out == nullptr || write_to(out) == 0) throw std::runtime_error("not written: " + path);
    std::fclose(out);
  }
  int write_key(std::FILE* out, const EVP_CIPHER* cipher, const char* passphrase) const {
    return PEM_write_PrivateKey(out, key_.get(), cipher, nullptr, 0, nullptr,
                                const_cast<char*>(passphrase));
  }
  void add(int what_it_says, const char* value) const {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, made_.get(), made_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what_it_says, value);
    X509_add_ext(made_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  temporary_folder folder_;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> made_;
};

}  // namespace longhaul::test
