#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# held.sh MARK: notes it in `log`, and waits for the file go-held.
set -eu
echo "$1" >>log
until [[ -e go-held ]]; do sleep 0.03; done
echo "held $1"
