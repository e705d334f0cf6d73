// SPDX-License-Identifier: Apache-2.0
#include "terminal/secret_words.hpp"

#include <array>
#include <span>
#include <string_view>

#include "base/text.hpp"

namespace longhaul::terminal {
namespace {

using shape = form_member::shape;

// Wherever they stand.
constexpr std::array<std::string_view, 31> clear_words{"password",
                                                       "passwords",
                                                       "passwd",
                                                       "passphrase",
                                                       "passcode",
                                                       "pass phrase",
                                                       "api key",
                                                       "apikey",
                                                       "api token",
                                                       "access token",
                                                       "auth token",
                                                       "bearer token",
                                                       "refresh token",
                                                       "access key",
                                                       "secret key",
                                                       "private key",
                                                       "client secret",
                                                       "credit card",
                                                       "card number",
                                                       "cardnumber",
                                                       "cvv",
                                                       "cvc",
                                                       "security code",
                                                       "one time code",
                                                       "one time password",
                                                       "otp",
                                                       "social security",
                                                       "seed phrase",
                                                       "recovery phrase",
                                                       "passwort",
                                                       "mot de passe"};
// In names and titles of texts only: they mean other things in sentences.
constexpr std::array<std::string_view, 15> short_words{
    "secret",   "secrets",    "token",          "pwd",    "pass",
    "pin",      "credential", "credentials",    "ssn",    "contraseña",
    "kennwort", "iban",       "account number", "cookie", "secreto"};
// Of numbers.
constexpr std::array<std::string_view, 9> number_words_of_secrets{
    "pin", "otp", "cvv", "cvc", "card number", "credit card", "ssn", "passcode", "security code"};

// ` api key `: words in lower case with one blank around each, camelCase and under_scores apart.
std::string words_of(std::string_view text) {
  std::string result = " ";
  char before = ' ';
  for (const char c : text) {
    const bool beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
    const bool in_word = is_letter(c) || is_digit(c) || beyond_ascii;
    const bool new_word = is_letter(before) && before == to_lower(before) && c != to_lower(c);
    if ((!in_word || new_word) && result.back() != ' ') result += ' ';
    if (in_word) result += to_lower(c);
    before = c;
  }
  if (result.back() != ' ') result += ' ';
  return result;
}

std::string first_in(const std::string& words, std::span<const std::string_view> known) {
  for (const std::string_view one : known) {
    const std::string whole = " " + std::string(one) + " ";
    if (words.find(whole) != std::string::npos) return std::string(one);
  }
  return {};
}

}  // namespace

std::string secret_asked_for(const form_member& member) {
  if (member.how == shape::choice || member.how == shape::choices || member.how == shape::flag) {
    return {};
  }
  const std::string names = words_of(member.name + " " + member.title);
  if (member.how == shape::number) return first_in(names, number_words_of_secrets);
  if (member.schema["format"].equals("password")) return "password";
  for (const std::string& words : {names, words_of(member.description)}) {
    if (std::string found = first_in(words, clear_words); !found.empty()) return found;
  }
  return first_in(names, short_words);
}

}  // namespace longhaul::terminal
