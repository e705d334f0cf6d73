// SPDX-License-Identifier: Apache-2.0
// Precompiled for every test.
#pragma once

#include <gtest/gtest.h>

#include "pch.hpp"
