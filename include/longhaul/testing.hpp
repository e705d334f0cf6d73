// SPDX-License-Identifier: Apache-2.0
// The test kit: a server in one's own process, its clients, a clock that the test owns, and golden
// conversations. Link `longhaul::testing`. docs/testing.md is the guide. Not in here is what only
// those need who write a store: `testing/store_contract.hpp` (docs/own-stores.md).
//
// The namespace is `longhaul::testkit`: GoogleTest has `testing`.
#pragma once

#include "longhaul/testing/client.hpp"
#include "longhaul/testing/clock.hpp"
#include "longhaul/testing/conversation.hpp"
#include "longhaul/testing/reply.hpp"
#include "longhaul/testing/test_server.hpp"
