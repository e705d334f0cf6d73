// SPDX-License-Identifier: Apache-2.0
// What reading a part of a request gives: the part, or what is wrong with it, in words for the
// caller.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace longhaul::wire {

/// Follows "Invalid params: ", as `'taskId' must be a string`.
struct fault {
  std::string words;
};

template <class T>
using result = boost::system::result<T, fault>;

}  // namespace longhaul::wire
