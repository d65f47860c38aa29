# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Plant: the locks of the driver sleep on PREEMPT_RT
# Lane: kunit:arm64-6.12-rt
# Only: carveout_irq_kunit
# Expect: BUG: scheduling while atomic

sed -i 's/\braw_spin/spin/g' driver/*.[ch] driver/{mem,buf,dev,api}/*.[ch] tools/testing/modules/*.c
