/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Start of the firmware. Nothing in memory but code and constants has a value yet: the core
 * may have been reset during a former start.
 */
	.syntax	unified
	.arm
	.section .start, "ax"
	.global	_start
_start:
	cpsid	aif, #0x17		/* abort mode has a stack of its own */
	ldr	sp, =abort_stack
	cpsid	aif, #0x1b		/* as has undefined mode */
	ldr	sp, =abort_stack
	cpsid	aif, #0x13
	ldr	sp, =stack
	/* Count cycles. */
	mov	r0, #5
	mcr	p15, 0, r0, c9, c12, 0
	mov	r0, #0x80000000
	mcr	p15, 0, r0, c9, c12, 1
	/* A data abort returns behind the store: subs pc, lr, #4. See protect.c. */
	mov	r0, #0x10
	ldr	r1, =0xe25ef004
	str	r1, [r0]
	/* Clear all variables. */
	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b
	b	firmware

	.section .note.GNU-stack, "", %progbits
