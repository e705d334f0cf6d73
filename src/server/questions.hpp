// SPDX-License-Identifier: Apache-2.0
// What a handler may ask, as it is stored (`{"method":…,"params":…}`), and whom it may ask. One
// table of kinds, in questions.cpp.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "longhaul/question.hpp"
#include "longhaul/task.hpp"

namespace longhaul::serving {

enum class question_kind : std::uint8_t { form, url, sampling, roots };

/// What a caller declared that it can be asked.
class question_modes {
 public:
  constexpr question_modes() = default;

  constexpr question_modes& add(client_capability one, bool declared = true) noexcept {
    if (declared) bits_ = static_cast<std::uint8_t>(bits_ | bit(one));
    return *this;
  }
  constexpr bool has(client_capability one) const noexcept { return (bits_ & bit(one)) != 0; }
  constexpr bool any() const noexcept { return bits_ != 0; }
  /// Those of these that `declared` lacks.
  constexpr question_modes without(const question_modes& declared) const noexcept {
    question_modes rest;
    rest.bits_ = static_cast<std::uint8_t>(bits_ & ~declared.bits_);
    return rest;
  }
  std::vector<client_capability> all() const;

  /// For whoever keeps them elsewhere.
  constexpr std::uint8_t bits() const noexcept { return bits_; }
  static constexpr question_modes of_bits(std::uint8_t bits) noexcept {
    question_modes kept;
    kept.bits_ = bits;
    return kept;
  }
  /// Of an audience that knows by itself what its client declared.
  static constexpr question_modes of_everybody() noexcept { return of_bits(0xFF); }

 private:
  static constexpr std::uint8_t bit(client_capability one) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(one));
  }
  std::uint8_t bits_ = 0;
};

/// "elicitation.url, sampling": for refusals.
std::string in_words(const question_modes& modes);

/// The kind of a stored question; null: none that anybody could be shown.
std::optional<question_kind> kind_of(json::value question) noexcept;

/// What a caller needs to be asked this; null: nobody can be.
std::optional<question_modes> needed_for(json::value question);

/// True if a caller with these modes may be asked this.
bool may_be_asked(const question_modes& modes, json::value question);

/// Why a caller with these modes, or that has no stream to be asked on, cannot be asked this: for
/// models and people.
std::string unaskable_words(const question_modes& modes, json::value question);

/// How often a question is put again whose answer does not fit, before that counts as no answer.
inline constexpr int max_rounds = 3;

}  // namespace longhaul::serving
