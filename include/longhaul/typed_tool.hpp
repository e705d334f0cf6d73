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
template <class F, class Results>
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
      return Results::template takes<
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

/// What a tool's handler is given, and what its return value becomes. Prompts, resources and
/// completions have their own (`prompt.hpp`, `resource.hpp`, `completion.hpp`).
struct tool_results {
  template <class R>
  static constexpr bool takes() {
    return has_result<R>();
  }
  static raw_json arguments(const call_arguments& given) { return given.json(); }
  static handler_result nothing(const call_arguments&) { return tool_result().to_outcome(); }
  template <class R>
  static handler_result result(R&& value, const call_arguments&) {
    return to_handler_result(std::forward<R>(value));
  }
};

/// The arguments of a run: those that were read when the call was accepted, or read now.
template <class F, class Results>
std::shared_ptr<typename handler_traits<F>::arguments> arguments_of(
    const std::optional<typed_schema>& schema, const Results& results,
    const call_arguments& given) {
  using arguments = typename handler_traits<F>::arguments;
  if constexpr (handler_traits<F>::is_raw) {
    return std::make_shared<raw_json>(or_empty_object(results.arguments(given)));
  } else {
    if (given.read()) return std::static_pointer_cast<arguments>(given.read());
    auto result = std::make_shared<arguments>();
    schema->read(or_empty_object(results.arguments(given)), result.get(), "arguments");
    return result;
  }
}

template <class F, class Results>
handler_result run_blocking(F& function, const std::optional<typed_schema>& schema,
                            const Results& results, task_context& context,
                            const call_arguments& given) {
  using traits = handler_traits<F>;
  const auto args = arguments_of<F>(schema, results, given);
  if constexpr (std::is_void_v<typename traits::result>) {
    traits::call(function, context, *args);
    return results.nothing(given);
  } else {
    return results.result(traits::call(function, context, *args), given);
  }
}

/// The frame of this coroutine keeps the function and its arguments alive while they are used.
template <class F, class Results>
boost::asio::awaitable<handler_result> run_coroutine(std::shared_ptr<F> function,
                                                     std::optional<typed_schema> schema,
                                                     Results results, task_context& context,
                                                     call_arguments given) {
  using traits = handler_traits<F>;
  const auto args = arguments_of<F>(schema, results, given);
  // On its own: g++ 12 destroys temporaries of a co_await expression twice.
  auto running = traits::call(*function, context, *args);
  if constexpr (std::is_void_v<typename traits::result>) {
    co_await std::move(running);
    co_return results.nothing(given);
  } else {
    auto result = co_await std::move(running);
    co_return results.result(std::move(result), given);
  }
}

/// The handler without types of a function.
template <class F, class Results>
std::variant<blocking_handler, coroutine_handler> untyped_handler(
    F handler, const std::optional<typed_schema>& schema, Results results) {
  auto function = std::make_shared<F>(std::move(handler));
  if constexpr (handler_traits<F>::returned::is_coroutine) {
    return coroutine_handler([function, schema, results = std::move(results)](
                                 task_context& context, call_arguments given) {
      return run_coroutine(function, schema, results, context, std::move(given));
    });
  } else {
    return blocking_handler([function, schema, results = std::move(results)](
                                task_context& context, const call_arguments& given) {
      return run_blocking(*function, schema, results, context, given);
    });
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
  tool.handler = untyped_handler(std::move(handler), schema, tool_results());
  if constexpr (!traits::is_raw) {
    tool.accept = [schema](const raw_json& given, const argument_leniency& how) {
      return traits::accept(*schema, given, how);
    };
  }
  return tool;
}

/// Says what is wrong with a handler, one thing at a time; true if it can be used.
template <class Check>
consteval bool check_handler() {
  if constexpr (Check::passed) {
    return true;
  } else if constexpr (!Check::plain) {
    static_assert(Check::plain,
                  "longhaul: the parameters of this handler cannot be told. A generic lambda "
                  "(auto), a bind expression or an overloaded function object is no handler: write "
                  "the types, as in [](longhaul::task_context& task, const my_args& args)");
  } else if constexpr (!Check::takes_what_we_give()) {
    static_assert(Check::takes_what_we_give(),
                  "longhaul: a handler takes (task_context&, const Args&), (const Args&), "
                  "(task_context&) or nothing");
  } else if constexpr (!Check::leaves_arguments_alone()) {
    static_assert(Check::leaves_arguments_alone(),
                  "longhaul: a handler takes its arguments by value or by reference to const");
  } else if constexpr (!Check::knows_arguments()) {
    static_assert(Check::knows_arguments(),
                  "longhaul: a handler's arguments are one struct described with "
                  "BOOST_DESCRIBE_STRUCT, or raw_json");
  }
  return false;
}

}  // namespace detail

/// For `tool_options::preflight`: of a function over the arguments' struct,
/// `named_questions(const Args&, const given_answers&)`.
template <detail::described_struct Args, class F>
auto preflight(F function) {
  return [function = std::move(function)](const raw_json& json, const given_answers& so_far) {
    return named_questions(function(from_json<Args>(json, "arguments"), so_far));
  };
}

/// Makes a tool of a function. Generic lambdas and overloaded call operators do not work: their
/// arguments cannot be deduced.
/// Throws `std::invalid_argument` for a name that is not allowed, for fields that name no member or
/// do not fit it, for schemas that are not object schemas, and for options that contradict another.
template <class F>
tool_definition make_tool(tool_options options, F handler) {
  using check = detail::handler_check<F, detail::tool_results>;
  if constexpr (detail::check_handler<check>()) {
    return detail::tool_of(std::move(options), std::move(handler));
  } else if constexpr (check::knows_arguments() && !check::knows_result()) {
    static_assert(check::knows_result(),
                  "longhaul: a handler returns void, text, content, a tool_result, raw_result, "
                  "outcome or external, or what is written as JSON (a struct described with "
                  "BOOST_DESCRIBE_STRUCT, a number, a container, …), or an awaitable of these");
  }
  if constexpr (!check::passed) return {};
}

}  // namespace longhaul
