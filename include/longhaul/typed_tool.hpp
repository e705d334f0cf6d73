// SPDX-License-Identifier: Apache-2.0
// From a function over described structs to a tool: the schemas are derived, arguments are checked
// and read before the function runs, and what it returns becomes the result.
//
//   R(task_context&, const Args&)   R(const Args&)   R(task_context&)   R()
//   R(task_context&, const raw_json&)   R(const raw_json&)       with `tool_options::input_schema`
//
// `Args` is a described struct, by value or by reference to const; `R` is what
// `result.hpp` turns into a result, or `boost::asio::awaitable<R>` of it: then the function is a
// coroutine, and its arguments live as long as it runs.
//
// Threads: a handler may run many times at once; the function object is shared by all of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/callable_traits/args.hpp>
#include <boost/callable_traits/return_type.hpp>
#include <concepts>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "longhaul/result.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task_context.hpp"
#include "longhaul/tool.hpp"

namespace longhaul {
namespace detail {

/// The arguments of a handler that has none.
struct no_arguments {};
BOOST_DESCRIBE_STRUCT(no_arguments, (), ())

template <class R>
struct awaited {
  using type = R;
  static constexpr bool is_coroutine = false;
};
template <class R, class Executor>
struct awaited<boost::asio::awaitable<R, Executor>> {
  static_assert(std::same_as<Executor, boost::asio::any_io_executor>,
                "a coroutine handler returns boost::asio::awaitable<R>");
  using type = R;
  static constexpr bool is_coroutine = true;
};

/// The parameters of a handler: maybe a context, maybe arguments.
template <class Tuple>
struct parameters {
  static constexpr bool allowed = false;
};
template <>
struct parameters<std::tuple<>> {
  static constexpr bool allowed = true, context = false;
  using given = const no_arguments&;
};
template <>
struct parameters<std::tuple<task_context&>> {
  static constexpr bool allowed = true, context = true;
  using given = const no_arguments&;
};
template <class A>
struct parameters<std::tuple<A>> {
  static constexpr bool allowed = true, context = false;
  using given = A;
};
template <class A>
struct parameters<std::tuple<task_context&, A>> {
  static constexpr bool allowed = true, context = true;
  using given = A;
};

/// One call, whose parameters can be told: no generic lambda, no overloads.
template <class F>
concept plain_function = requires { typename boost::callable_traits::args_t<F>; };

/// Everything about `F` that must hold before `handler_traits` is looked at, one after the other,
/// so that a mistake gives one message.
template <class F>
struct handler_check {
  template <class T>
  static constexpr bool by_value_or_const =
      !std::is_reference_v<T> || std::is_const_v<std::remove_reference_t<T>>;

  static constexpr bool plain = plain_function<F>;
  static constexpr bool takes_what_we_give() {
    if constexpr (plain) return parameters<boost::callable_traits::args_t<F>>::allowed;
    return false;
  }
  static constexpr bool leaves_arguments_alone() {
    if constexpr (takes_what_we_give()) {
      return by_value_or_const<typename parameters<boost::callable_traits::args_t<F>>::given>;
    }
    return false;
  }
  static constexpr bool knows_arguments() {
    if constexpr (leaves_arguments_alone()) {
      using arguments =
          std::remove_cvref_t<typename parameters<boost::callable_traits::args_t<F>>::given>;
      return described_struct<arguments> || std::same_as<arguments, raw_json>;
    }
    return false;
  }
  static constexpr bool knows_result() {
    if constexpr (plain) {
      return has_result<
          std::remove_cvref_t<typename awaited<boost::callable_traits::return_type_t<F>>::type>>();
    }
    return false;
  }
  static constexpr bool passed = knows_arguments() && knows_result();
};

template <class F>
struct handler_traits {
  using params = parameters<boost::callable_traits::args_t<F>>;
  using given = typename params::given;
  using arguments = std::remove_cvref_t<given>;
  static constexpr bool is_raw = std::same_as<arguments, raw_json>;
  static constexpr bool has_arguments = !std::same_as<arguments, no_arguments>;
  using returned = awaited<boost::callable_traits::return_type_t<F>>;
  using result = std::remove_cvref_t<typename returned::type>;

  /// Reads arguments as they are, or as they are meant. Throws `invalid_arguments`.
  static call_arguments accept(const typed_schema& schema, const raw_json& json,
                               const argument_leniency& how) {
    auto result = std::make_shared<arguments>();
    raw_json meant = schema.accept(or_empty_object(json), result.get(), how);
    return {std::move(meant), std::move(result)};
  }

  /// The arguments of a run: those that were read when the call was accepted, or read now.
  static std::shared_ptr<arguments> take(const std::optional<typed_schema>& schema,
                                         const call_arguments& given) {
    if constexpr (is_raw) {
      return std::make_shared<raw_json>(or_empty_object(given.json()));
    } else {
      if (given.read()) return std::static_pointer_cast<arguments>(given.read());
      auto result = std::make_shared<arguments>();
      schema->read(or_empty_object(given.json()), result.get(), "arguments");
      return result;
    }
  }

  static decltype(auto) call(F& function, task_context& context, arguments& args) {
    constexpr bool with_context = params::context;
    if constexpr (with_context && has_arguments) {
      return function(context, static_cast<given&&>(args));
    } else if constexpr (with_context) {
      return function(context);
    } else if constexpr (has_arguments) {
      return function(static_cast<given&&>(args));
    } else {
      return function();
    }
  }
};

template <class F>
handler_result run_blocking(F& function, const std::optional<typed_schema>& schema,
                            task_context& context, const call_arguments& given) {
  using traits = handler_traits<F>;
  const auto args = traits::take(schema, given);
  if constexpr (std::is_void_v<typename traits::result>) {
    traits::call(function, context, *args);
    return tool_result().to_outcome();
  } else {
    return to_handler_result(traits::call(function, context, *args));
  }
}

/// The frame of this coroutine keeps the function and its arguments alive while they are used.
template <class F>
boost::asio::awaitable<handler_result> run_coroutine(std::shared_ptr<F> function,
                                                     std::optional<typed_schema> schema,
                                                     task_context& context, call_arguments given) {
  using traits = handler_traits<F>;
  const auto args = traits::take(schema, given);
  // On its own: g++ 12 destroys temporaries of a co_await expression twice.
  auto running = traits::call(*function, context, *args);
  if constexpr (std::is_void_v<typename traits::result>) {
    co_await std::move(running);
    co_return tool_result().to_outcome();
  } else {
    auto result = co_await std::move(running);
    co_return to_handler_result(std::move(result));
  }
}

/// Fills in the schemas, and checks the options. `schema` is null for raw JSON,
/// `derived_output` absent if the result is not structured. Throws `std::invalid_argument`.
tool_definition define_tool(tool_options options, const std::optional<typed_schema>& schema,
                            raw_json derived_output, bool is_coroutine);

}  // namespace detail

namespace detail {

template <class F>
tool_definition tool_of(tool_options options, F handler) {
  using traits = handler_traits<F>;
  using result = typename traits::result;
  if constexpr (may_be_external<result>) options.external = true;

  std::optional<detail::typed_schema> schema;
  if constexpr (!traits::is_raw) {
    schema.emplace(node_of<typename traits::arguments>(), options.fields);
  }
  tool_definition tool = define_tool(std::move(options), schema, output_schema_for<result>(),
                                     traits::returned::is_coroutine);
  auto function = std::make_shared<F>(std::move(handler));
  if constexpr (traits::returned::is_coroutine) {
    tool.handler =
        coroutine_handler([function, schema](task_context& context, call_arguments given) {
          return run_coroutine(function, schema, context, std::move(given));
        });
  } else {
    tool.handler =
        blocking_handler([function, schema](task_context& context, const call_arguments& given) {
          return run_blocking(*function, schema, context, given);
        });
  }
  if constexpr (!traits::is_raw) {
    tool.accept = [schema](const raw_json& given, const argument_leniency& how) {
      return traits::accept(*schema, given, how);
    };
  }
  return tool;
}

}  // namespace detail

/// Makes a tool of a function. Generic lambdas and overloaded call operators do not work: their
/// arguments cannot be deduced.
/// Throws `std::invalid_argument` for a name that is not allowed, for fields that name no member or
/// do not fit it, for schemas that are not object schemas, and for options that contradict another.
template <class F>
tool_definition make_tool(tool_options options, F handler) {
  using check = detail::handler_check<F>;
  if constexpr (check::passed) {
    return detail::tool_of(std::move(options), std::move(handler));
  } else if constexpr (!check::plain) {
    static_assert(check::plain,
                  "longhaul: the parameters of this handler cannot be told. A generic lambda "
                  "(auto), a bind expression or an overloaded function object is no handler: write "
                  "the types, as in [](longhaul::task_context& task, const my_args& args)");
  } else if constexpr (!check::takes_what_we_give()) {
    static_assert(check::takes_what_we_give(),
                  "longhaul: a handler takes (task_context&, const Args&), (const Args&), "
                  "(task_context&) or nothing");
  } else if constexpr (!check::leaves_arguments_alone()) {
    static_assert(check::leaves_arguments_alone(),
                  "longhaul: a handler takes its arguments by value or by reference to const");
  } else if constexpr (!check::knows_arguments()) {
    static_assert(check::knows_arguments(),
                  "longhaul: a handler's arguments are one struct described with "
                  "BOOST_DESCRIBE_STRUCT, or raw_json");
  } else if constexpr (!check::knows_result()) {
    static_assert(check::knows_result(),
                  "longhaul: a handler returns void, text, content, a tool_result, raw_result, "
                  "outcome or external, or what is written as JSON (a struct described with "
                  "BOOST_DESCRIBE_STRUCT, a number, a container, …), or an awaitable of these");
  }
  if constexpr (!check::passed) return {};
}

}  // namespace longhaul
