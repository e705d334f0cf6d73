#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
echo "half of it"
echo "no space left on the moon" >&2
exit 3
