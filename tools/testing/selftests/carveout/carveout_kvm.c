// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as memory of a virtual machine: its guest writes two bytes, and all memory is
 * free once the machine is closed. KVM takes references to pages and decides by the flags of
 * a page whether to drop them.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_frames.h"

#if __has_include("asm/kvm.h")

#include <linux/kvm.h>

#define MARK	77

/* Addresses in the guest. */
#define CODE	0x10000UL
#define DATA	0x20000UL
#define NOTHING	0x10000000UL

/**
 * struct machine - A virtual machine with one CPU
 * @kvm: /dev/kvm
 * @vm: the machine
 * @cpu: its CPU
 * @run: state of the CPU, shared with the kernel
 */
struct machine {
	int kvm;
	int vm;
	int cpu;
	struct kvm_run *run;
};

FIXTURE(kvm) {
	struct frames frames;
	int kvm;
};

FIXTURE_VARIANT(kvm) {
	bool pages;
};

FIXTURE_VARIANT_ADD(kvm, pages) {
	.pages = true,
};

FIXTURE_VARIANT_ADD(kvm, no_map) {
	.pages = false,
};

FIXTURE_SETUP(kvm)
{
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	self->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (self->kvm < 0)
		SKIP(return, "there is no /dev/kvm");
	err = frames_begin(&self->frames, variant->pages);
	if (err == 1)
		SKIP(return, "no region %s pages", variant->pages ? "with" : "without");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN_PARENT(kvm)
{
	HEAP_TEARDOWN(&self->frames.heap);
}

static int add_memory(const struct machine *machine, __u32 slot, __u64 where, void *mem,
		      __u64 size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = where,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	return ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &region) ? -errno : 0;
}

/* === The CPU ============================================================= */

#ifdef __KVM_HAVE_PIT /* x86 */

#define EXIT	KVM_EXIT_HLT

/* Real mode: store a byte in the first page and one in the second, then halt. */
static const unsigned char code[] = {
	0xc6, 0x06, 0x00, 0x00, MARK,	/* movb $MARK, 0x0000 */
	0xc6, 0x06, 0x00, 0x10, MARK,	/* movb $MARK, 0x1000 */
	0xf4,				/* hlt */
};

#define SECOND	0x1000

static int start_cpu(const struct machine *machine)
{
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(machine->cpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = CODE;
	sregs.cs.selector = CODE >> 4;
	sregs.ds.base = DATA;
	sregs.ds.selector = DATA >> 4;
	if (ioctl(machine->cpu, KVM_SET_SREGS, &sregs) ||
	    ioctl(machine->cpu, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

#elif defined(KVM_ARM_TARGET_AEM_V8) /* arm64 */

#define EXIT	KVM_EXIT_MMIO

/* Store a byte in the first page and one in the second, then one to no memory. */
static const unsigned int code[] = {
	0x528009a1,	/* mov w1, #MARK */
	0x39000001,	/* strb w1, [x0] */
	0x39000041,	/* strb w1, [x2] */
	0x39000061,	/* strb w1, [x3] */
	0x14000000,	/* b . */
};

#define SECOND	PAGE

static int set_reg(const struct machine *machine, size_t offset, __u64 value)
{
	struct kvm_one_reg reg = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
		      offset / sizeof(__u32),
		.addr = (uintptr_t)&value,
	};

	return ioctl(machine->cpu, KVM_SET_ONE_REG, &reg) ? -errno : 0;
}

static int start_cpu(const struct machine *machine)
{
	struct kvm_vcpu_init init;
	int err;

	if (ioctl(machine->vm, KVM_ARM_PREFERRED_TARGET, &init) ||
	    ioctl(machine->cpu, KVM_ARM_VCPU_INIT, &init))
		return -errno;
	err = set_reg(machine, offsetof(struct kvm_regs, regs.regs[0]), DATA);
	err = err ?: set_reg(machine, offsetof(struct kvm_regs, regs.regs[2]),
			     DATA + SECOND);
	err = err ?: set_reg(machine, offsetof(struct kvm_regs, regs.regs[3]), NOTHING);
	return err ?: set_reg(machine, offsetof(struct kvm_regs, regs.pc), CODE);
}

#else /* no code for the guest of this architecture */

#define EXIT	0
#define SECOND	PAGE

static const unsigned char code[1];

static int start_cpu(const struct machine *machine)
{
	(void)machine;
	return -EOPNOTSUPP;
}

#endif

/* === The machine ========================================================= */

/* Its pages of code are not the buffer's. */
static int begin_machine(struct machine *machine, int kvm)
{
	char *mem = mmap(NULL, PAGE_MAX, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	machine->kvm = kvm;
	machine->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (mem == MAP_FAILED || size < 0 || machine->vm < 0)
		return -EINVAL;
	memcpy(mem, code, sizeof(code));
	if (add_memory(machine, 0, CODE, mem, PAGE_MAX))
		return -EINVAL;
	machine->cpu = ioctl(machine->vm, KVM_CREATE_VCPU, 0);
	if (machine->cpu < 0)
		return -EINVAL;
	machine->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    machine->cpu, 0);
	return machine->run == MAP_FAILED ? -EINVAL : start_cpu(machine);
}

/* Run the guest, which writes into @mem. */
static int run_guest(struct machine *machine, char *mem)
{
	if (add_memory(machine, 1, DATA, mem, SIZE))
		return 4;
	if (ioctl(machine->cpu, KVM_RUN, 0))
		return 5;
	if (machine->run->exit_reason != EXIT)
		return 6;
	return mem[0] == MARK && mem[SECOND] == MARK ? 0 : 7;
}

/* The guest of a new machine writes into a new buffer. */
static int write_in_guest(const struct _test_data_kvm *kvm, struct machine *machine,
			  int *fd, char **mem)
{
	*fd = alloc_as_user(&kvm->frames);
	if (*fd < 0)
		return 1;
	*mem = map_buffer(*fd, SIZE, PROT_READ | PROT_WRITE);
	if (*mem == MAP_FAILED)
		return 2;
	return begin_machine(machine, kvm->kvm) ? 3 : run_guest(machine, *mem);
}

/* Nothing is closed: the end of the process ends the machine. */
static int writes_and_exits(void *arg)
{
	struct machine machine;
	char *mem;
	int fd;

	return write_in_guest(arg, &machine, &fd, &mem);
}

/* The memory is unmapped while the machine has it. */
static int writes_and_unmaps(void *arg)
{
	const struct _test_data_kvm *kvm = arg;
	struct machine machine;
	char *mem;
	int fd, err = write_in_guest(kvm, &machine, &fd, &mem);

	if (err)
		return err;
	close(fd);
	munmap(mem, SIZE);
	if (!frames_return(&kvm->frames))
		return 8;
	/* From now on the guest has no memory there. */
	if (start_cpu(&machine))
		return 9;
	return ioctl(machine.cpu, KVM_RUN, 0) && errno == EFAULT ? 0 : 10;
}

TEST_F(kvm, memory_is_free_after_the_machine)
{
	expect_returned(_metadata, &self->frames, writes_and_exits, self, 3);
}

TEST_F(kvm, memory_is_free_before_the_end_of_the_machine)
{
	expect_returned(_metadata, &self->frames, writes_and_unmaps, self, 1);
}

#else /* !__has_include("asm/kvm.h") */

TEST(kvm)
{
	SKIP(return, "there is no KVM for programs of this architecture");
}

#endif

TEST_HARNESS_MAIN
