// SPDX-License-Identifier: Apache-2.0
#include "wire/known_list.hpp"

namespace longhaul::wire {

void known_list::read(const serving::catalog& features, std::string_view owner) {
  const std::uint64_t version = features.version(kind_);  // before: never newer than the list
  const std::size_t seen = features.seen_by(kind_, owner);
  const guard lock(mutex_);
  version_ = version;
  seen_ = seen;
  told_ = false;
}

bool known_list::must_hear(const serving::catalog& features, std::string_view owner) {
  const std::uint64_t version = features.version(kind_);
  {
    const guard lock(mutex_);
    if (told_ || version == version_) return false;
  }
  const std::size_t seen = features.seen_by(kind_, owner);
  const guard lock(mutex_);
  if (told_) return false;
  version_ = version;
  told_ = seen != seen_;
  return told_;
}

void known_list::did_not_hear() {
  const guard lock(mutex_);
  told_ = false;
  version_ = 0;
}

}  // namespace longhaul::wire
