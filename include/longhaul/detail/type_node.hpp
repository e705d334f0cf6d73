// SPDX-License-Identifier: Apache-2.0
// What the schema code knows about a C++ type, without the type: a static tree of nodes with the
// few functions that must be templates. Reading, writing, checking and describing JSON walk this
// tree in ordinary functions, so that a new argument struct costs little to compile.
//
// Threads: nodes are built once, at first use, and never change.
#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "longhaul/raw_json.hpp"

namespace longhaul::detail {

struct type_node;

/// A member of a described struct, those of its bases included.
struct member_node {
  std::string_view name;
  const type_node& (*type)() = nullptr;
  void* (*at)(void* object) = nullptr;
  const void* (*at_const)(const void* object) = nullptr;
  bool optional = false;  ///< may be missing: `std::optional`, or a default of its own
  raw_json
      default_value;  ///< what it is in a default-constructed object; absent: empty, or no JSON
};

/// One C++ type. Which functions are set depends on `kind`.
struct type_node {
  enum class shape : std::uint8_t {
    anything,  ///< converted by Boost.JSON
    raw,       ///< `raw_json`
    boolean,
    integer,
    number,
    string,       ///< `std::string`, `std::filesystem::path`
    enumeration,  ///< a described enum, by name
    optional,
    sequence,  ///< `std::vector` and its like
    map,       ///< `std::map` from `std::string` and its like
    object     ///< a described struct
  };
  using use_one = std::function<void(void*)>;
  using visit = std::function<void(std::string_view key, const void*)>;

  shape kind = shape::anything;
  bool is_signed = false;                   ///< integer
  std::int64_t least = 0;                   ///< integer
  std::uint64_t most = 0;                   ///< integer
  std::uint64_t multiple = 1;               ///< integer: what it is a multiple of
  double largest = 0;                       ///< number: greatest magnitude
  bool seconds = false;                     ///< integer, number: a duration
  std::vector<std::string_view> names;      ///< enumeration, in the order of description
  std::vector<member_node> members;         ///< object
  const type_node& (*element)() = nullptr;  ///< optional, sequence, map

  /// Makes the value what `T{}` is.
  void (*reset)(void*) = nullptr;
  /// Calls back with a `T{}`.
  void (*with_fresh)(const use_one&) = nullptr;
  /// boolean, integer: the value; enumeration: the index in `names`, or beyond it if unnamed.
  std::uint64_t (*load)(const void*) = nullptr;
  void (*store)(void*, std::uint64_t) = nullptr;
  double (*load_number)(const void*) = nullptr;
  void (*store_number)(void*, double) = nullptr;
  std::string_view (*load_text)(const void*) = nullptr;
  void (*store_text)(void*, std::string) = nullptr;
  /// optional: the value inside, or null; and one that is there from now on.
  const void* (*content)(const void*) = nullptr;
  void* (*emplace)(void*) = nullptr;
  /// sequence, map: adds one; false if the map has that key already.
  bool (*add)(void*, std::string_view key, const use_one&) = nullptr;
  void (*each)(const void*, const visit&) = nullptr;
  /// anything
  boost::json::value (*to_value)(const void*) = nullptr;
  void (*from_value)(void*, const boost::json::value&) = nullptr;
};

/// Fills in which members are optional, and their defaults. Throws `std::invalid_argument` if two
/// members have one name.
void finish_object(type_node& node);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
concept described_struct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;
template <class T>
concept string_map = requires {
  typename T::key_type;
  typename T::mapped_type;
} && std::same_as<typename T::key_type, std::string>;
template <class T>
concept sequence = !string_map<T> && requires(T c, typename T::value_type v) {
  c.insert(c.end(), std::move(v));
  c.begin();
} && !std::same_as<typename T::value_type, char>;

/// What every value that is read must be; `make_node` says it to people.
template <class T>
concept has_json_shape = std::default_initializable<T> && std::movable<T>;

template <class T>
const type_node& node_of();

template <class T, class Descriptor>
void* member_at(void* object) {
  return &(static_cast<T*>(object)->*Descriptor::pointer);
}
template <class T, class Descriptor>
const void* member_at_const(const void* object) {
  return &(static_cast<const T*>(object)->*Descriptor::pointer);
}

template <described_struct T>
void describe(type_node& node) {
  node.kind = type_node::shape::object;
  using members = boost::describe::describe_members<T, boost::describe::mod_any_access |
                                                           boost::describe::mod_inherited>;
  boost::mp11::mp_for_each<members>([&]<class Descriptor>(Descriptor) {
    using member = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;
    member_node one;
    one.name = Descriptor::name;
    one.type = &node_of<member>;
    one.at = &member_at<T, Descriptor>;
    one.at_const = &member_at_const<T, Descriptor>;
    node.members.push_back(std::move(one));
  });
}

template <described_enum T>
void describe(type_node& node) {
  node.kind = type_node::shape::enumeration;
  using all = boost::describe::describe_enumerators<T>;
  boost::mp11::mp_for_each<all>([&](auto one) { node.names.emplace_back(one.name); });
  node.load = [](const void* at) {
    std::uint64_t index = 0, found = std::numeric_limits<std::uint64_t>::max();
    boost::mp11::mp_for_each<all>([&](auto one) {
      if (one.value == *static_cast<const T*>(at) && index < found) found = index;
      ++index;
    });
    return found;
  };
  node.store = [](void* at, std::uint64_t wanted) {
    std::uint64_t index = 0;
    boost::mp11::mp_for_each<all>([&](auto one) {
      if (index++ == wanted) *static_cast<T*>(at) = one.value;
    });
  };
}

template <class T>
  requires std::is_arithmetic_v<T>
void describe(type_node& node) {
  using shape = type_node::shape;
  if constexpr (std::is_floating_point_v<T>) {
    node.kind = shape::number;
    node.largest = sizeof(T) < sizeof(double) ? double(std::numeric_limits<T>::max())
                                              : std::numeric_limits<double>::infinity();
    node.load_number = [](const void* at) { return double(*static_cast<const T*>(at)); };
    node.store_number = [](void* at, double x) { *static_cast<T*>(at) = static_cast<T>(x); };
  } else {
    node.kind = std::same_as<T, bool> ? shape::boolean : shape::integer;
    node.is_signed = std::is_signed_v<T>;
    node.least = static_cast<std::int64_t>(std::numeric_limits<T>::min());
    node.most = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    node.load = [](const void* at) {
      return static_cast<std::uint64_t>(*static_cast<const T*>(at));
    };
    node.store = [](void* at, std::uint64_t x) { *static_cast<T*>(at) = static_cast<T>(x); };
  }
}

template <class T>
  requires is_optional<T>
void describe(type_node& node) {
  node.kind = type_node::shape::optional;
  node.element = &node_of<typename T::value_type>;
  node.content = [](const void* at) -> const void* {
    const auto& value = *static_cast<const T*>(at);
    return value ? &*value : nullptr;
  };
  if constexpr (has_json_shape<typename T::value_type>) {
    node.emplace = [](void* at) -> void* { return &static_cast<T*>(at)->emplace(); };
  }
}

template <class T>
  requires(sequence<T> && !described_struct<T>)
void describe(type_node& node) {
  using element = typename T::value_type;
  node.kind = type_node::shape::sequence;
  node.element = &node_of<element>;
  if constexpr (has_json_shape<element>) {
    node.add = [](void* at, std::string_view, const type_node::use_one& read) {
      element one{};
      read(&one);
      auto& all = *static_cast<T*>(at);
      all.insert(all.end(), std::move(one));
      return true;
    };
  }
  node.each = [](const void* at, const type_node::visit& use) {
    for (const element& one : *static_cast<const T*>(at)) use({}, &one);
  };
}

template <class T>
  requires(string_map<T> && !described_struct<T>)
void describe(type_node& node) {
  using element = typename T::mapped_type;
  node.kind = type_node::shape::map;
  node.element = &node_of<element>;
  if constexpr (has_json_shape<element>) {
    node.add = [](void* at, std::string_view key, const type_node::use_one& read) {
      element one{};
      read(&one);
      return static_cast<T*>(at)->emplace(std::string(key), std::move(one)).second;
    };
  }
  node.each = [](const void* at, const type_node::visit& use) {
    for (const auto& [key, one] : *static_cast<const T*>(at)) use(key, &one);
  };
}

template <class T>
  requires(std::same_as<T, std::string> || std::same_as<T, std::filesystem::path>)
void describe(type_node& node) {
  node.kind = type_node::shape::string;
  node.load_text = [](const void* at) -> std::string_view {
    if constexpr (std::same_as<T, std::string>) {
      return *static_cast<const T*>(at);
    } else {
      return static_cast<const T*>(at)->native();
    }
  };
  node.store_text = [](void* at, std::string text) { *static_cast<T*>(at) = std::move(text); };
}

/// Seconds: an integer where ticks are whole seconds, else a number, read to the nearest tick.
template <class T>
  requires is_duration<T>
void describe(type_node& node) {
  using rep = typename T::rep;
  using ratio = typename T::period;
  using limits = std::numeric_limits<rep>;
  node.seconds = true;
  if constexpr (std::integral<rep> && ratio::den == 1) {
    constexpr std::uint64_t per_tick = ratio::num;
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    constexpr auto fewest = static_cast<std::int64_t>(limits::min());
    constexpr auto highest = static_cast<std::uint64_t>(limits::max());
    node.kind = type_node::shape::integer;
    node.is_signed = std::is_signed_v<rep>;
    node.multiple = per_tick;
    node.least = fewest < least / static_cast<std::int64_t>(per_tick)
                     ? least
                     : fewest * static_cast<std::int64_t>(per_tick);
    node.most = highest > most / 2 / per_tick ? most / 2 : highest * per_tick;
    node.load = [](const void* at) {
      const rep ticks = static_cast<const T*>(at)->count();
      if (std::cmp_less(ticks, least / static_cast<std::int64_t>(per_tick)) ||
          std::cmp_greater(ticks, most / 2 / per_tick)) {
        throw std::invalid_argument("to_json: a duration has more seconds than 64 bits hold");
      }
      return static_cast<std::uint64_t>(ticks) * per_tick;
    };
    node.store = [](void* at, std::uint64_t x) {
      if constexpr (std::is_signed_v<rep>) {
        *static_cast<T*>(at) =
            T(static_cast<rep>(static_cast<std::int64_t>(x) / static_cast<std::int64_t>(per_tick)));
      } else {
        *static_cast<T*>(at) = T(static_cast<rep>(x / per_tick));
      }
    };
  } else {
    using seconds = std::chrono::duration<double>;
    node.kind = type_node::shape::number;
    node.largest = std::nextafter(seconds(T::max()).count(), 0.0);
    node.load_number = [](const void* at) { return seconds(*static_cast<const T*>(at)).count(); };
    node.store_number = [](void* at, double x) {
      if constexpr (std::is_floating_point_v<rep>) {
        *static_cast<T*>(at) = T(seconds(x));
      } else {
        *static_cast<T*>(at) =
            std::chrono::round<T>(std::chrono::duration<long double>(static_cast<long double>(x)));
      }
    };
  }
}

template <std::same_as<raw_json> T>
void describe(type_node& node) {
  node.kind = type_node::shape::raw;
}

template <class T>
concept has_own_description = requires(type_node& node) { describe<T>(node); };
/// Whether values of the type are read and written; of what it is made of is asked one by one.
template <class T>
constexpr bool has_json() {
  if constexpr (!has_json_shape<T>) {
    return false;
  } else if constexpr (has_own_description<T>) {
    return true;
  } else {
    return boost::json::has_value_to<T>::value && boost::json::has_value_from<T>::value;
  }
}

template <class T>
type_node make_node() {
  type_node node;
  if constexpr (!has_json_shape<T>) {
    static_assert(has_json_shape<T>,
                  "longhaul: a type that is read from JSON needs a default constructor and must be "
                  "movable");
  } else if constexpr (!has_json<T>()) {
    static_assert(has_json<T>(),
                  "longhaul: this type is not read from JSON. Describe it with "
                  "BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_ENUM, give Boost.JSON a conversion "
                  "(tag_invoke), or take a type of docs/tools.md");
  } else {
    node.reset = [](void* at) { *static_cast<T*>(at) = T{}; };
    node.with_fresh = [](const type_node::use_one& use) {
      T fresh{};
      use(&fresh);
    };
  }
  if constexpr (!has_json<T>()) {
    return node;  // the message above is enough
  } else if constexpr (has_own_description<T>) {
    describe<T>(node);
  } else {
    node.to_value = [](const void* at) {
      return boost::json::value_from(*static_cast<const T*>(at));
    };
    node.from_value = [](void* at, const boost::json::value& from) {
      *static_cast<T*>(at) = boost::json::value_to<T>(from);
    };
  }
  if constexpr (described_struct<T>) finish_object(node);
  return node;
}

template <class T>
const type_node& node_of() {
  static_assert(std::same_as<T, std::remove_cvref_t<T>>);
  static const type_node node = make_node<T>();
  return node;
}

}  // namespace longhaul::detail
