"""The rules and macros of every BUILD file here.

Target code is built from a plain host configuration: a *_binary or program is a
host target whose one file comes from the platform that it is for, so
"bazel test //..." needs no flags.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//image:contents.bzl", "DIRS", "PROGRAMS")
load("//image:rules.bzl", _archive = "archive", _disk = "disk")

archive = _archive
disk = _disk

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

_SANITIZE = ["-fsanitize=address,undefined"]

# What is tested on the host is tested under AddressSanitizer and UBSan, always.
_HOST_COPTS = COPTS + _SANITIZE + [
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-g",
    "-O1",
]

_KERNEL = ["//platforms:supervisor"]
_SERVER = ["//platforms:server"]
_USER = ["//platforms:user"]
_PICOLIBC = ["//platforms:picolibc"]

# libsys' headers come before the C library's, which -isystem would not do.
_USER_COPTS = ["-Ilibsys/include"]

# Flags that mean the host (sanitizers, coverage, language level) and must not
# reach the cross compiler.
_RESET = {
    "//command_line_option:copt": [],
    "//command_line_option:conlyopt": [],
    "//command_line_option:cxxopt": [],
    "//command_line_option:linkopt": [],
    "//command_line_option:features": [],
    "//command_line_option:collect_code_coverage": False,
}

def _to_platform_impl(settings, attr):
    out = {"//command_line_option:platforms": attr.platform}
    out.update(_RESET)
    return out

_to_platform = transition(
    implementation = _to_platform_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"] + _RESET.keys(),
)

def _cross_binary_impl(ctx):
    out = ctx.actions.declare_file(ctx.attr.out)
    ctx.actions.symlink(output = out, target_file = ctx.files.src[0], is_executable = True)
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

_cross_binary = rule(
    implementation = _cross_binary_impl,
    attrs = {
        "src": attr.label(cfg = _to_platform, mandatory = True, allow_files = True),
        "platform": attr.string(mandatory = True),
        "out": attr.string(mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)

def _target_binary(
        name,
        platform,
        environment,
        linker_script,
        strip,
        copts = [],
        linkopts = [],
        additional_linker_inputs = [],
        testonly = False,
        tags = [],
        visibility = ["//visibility:public"],
        **kwargs):
    cc_binary(
        name = name + "_elf",
        copts = COPTS + copts,
        additional_linker_inputs = additional_linker_inputs + [linker_script],
        linkopts = ["-T", "$(location %s)" % linker_script] + linkopts,
        linkstatic = True,
        tags = tags,
        target_compatible_with = environment,
        testonly = testonly,
        visibility = ["//visibility:private"],
        **kwargs
    )
    if strip:
        _cross_binary(
            name = name,
            # An implicit output of cc_binary.
            src = ":%s_elf.stripped" % name,
            out = name,
            platform = platform,
            tags = tags,
            testonly = testonly,
            visibility = visibility,
        )
    _cross_binary(
        name = name + ".debug" if strip else name,
        src = ":%s_elf" % name,
        out = name + (".debug" if strip else ".elf"),
        platform = platform,
        tags = tags + (["manual"] if strip else []),
        testonly = testonly,
        visibility = visibility,
    )

def kernel_binary(name, linker_script, **kwargs):
    """The kernel, NAME.elf with its symbols. Other arguments as of cc_binary."""
    _target_binary(name, "//platforms:riscv64_kernel", _KERNEL, linker_script, strip = False, **kwargs)

def server_binary(name, linker_script = "//libsys:server.ld", image_address = "0x10000", linkopts = [], **kwargs):
    """A server: no floating point, resident. NAME is stripped, NAME.debug is not.

    image_address: where it is linked. Other arguments as of cc_binary.
    """
    _target_binary(
        name,
        "//platforms:riscv64_server",
        _SERVER,
        linker_script,
        strip = True,
        linkopts = linkopts + ["-Wl,--defsym=IMAGE_ADDRESS=" + image_address],
        **kwargs
    )

def program(name, linker_script = "//libsys:program.ld", copts = [], deps = [], **kwargs):
    """An ordinary program with a main. NAME is stripped, NAME.debug is not.

    Other arguments as of cc_binary.
    """
    _target_binary(
        name,
        "//platforms:riscv64_user",
        _USER,
        linker_script,
        strip = True,
        copts = _USER_COPTS + copts,
        deps = deps + ["//libsys"],
        **kwargs
    )

def _target_library(name, environment, copts = [], **kwargs):
    cc_library(
        name = name,
        copts = COPTS + copts,
        target_compatible_with = environment,
        **kwargs
    )

def kernel_library(name, **kwargs):
    """As cc_library, for the kernel alone."""
    _target_library(name, _KERNEL, **kwargs)

def server_library(name, **kwargs):
    """As cc_library, for servers alone."""
    _target_library(name, _SERVER, **kwargs)

def user_library(name, copts = [], **kwargs):
    """As cc_library, for programs alone."""
    _target_library(name, _USER, copts = _USER_COPTS + copts, **kwargs)

def picolibc_library(name, **kwargs):
    """As cc_library, for servers and programs."""
    _target_library(name, _PICOLIBC, **kwargs)

def portable_library(name, copts = [], linkopts = [], **kwargs):
    """As cc_library, for kernel, servers, programs and, under sanitizers, the host."""
    cc_library(
        name = name,
        copts = copts + select({
            "@platforms//os:none": COPTS,
            "//conditions:default": _HOST_COPTS,
        }),
        linkopts = linkopts + select({
            "@platforms//os:none": [],
            "//conditions:default": _SANITIZE,
        }),
        **kwargs
    )

def host_library(name, copts = [], linkopts = [], **kwargs):
    """As cc_library, for host tests alone: fakes, models, helpers."""
    cc_library(
        name = name,
        testonly = True,
        copts = _HOST_COPTS + copts,
        linkopts = _SANITIZE + linkopts,
        **kwargs
    )

def host_test(name, srcs, deps = [], copts = [], linkopts = [], size = "small", **kwargs):
    """As cc_test, with GoogleTest's main and under AddressSanitizer and UBSan."""
    cc_test(
        name = name,
        srcs = srcs,
        copts = _HOST_COPTS + copts,
        linkopts = _SANITIZE + linkopts,
        size = size,
        deps = deps + ["@com_google_googletest//:gtest_main"],
        **kwargs
    )

def _quoted(flag, value):
    """One word of a test's args, whatever the value holds."""
    return "'--%s=%s'" % (flag, value.replace("'", "'\\''").replace("$", "$$"))

def _machine_test(
        name,
        runner,
        smp,
        programs,
        cmd,
        append,
        kernel,
        initrd,
        disk,
        mem,
        swap,
        swap_errors,
        icount,
        fsck,
        qemu,
        args,
        data,
        tags,
        size,
        timeout,
        **kwargs):
    if programs:
        disk = name + "_disk"
        _disk(
            name = disk,
            testonly = True,
            dirs = DIRS,
            programs = dict(PROGRAMS, **{
                program: "bin/" + program.split(":")[-1].split("/")[-1]
                for program in programs + ["//tests/harness:leaks"]
            }),
            tags = ["manual"],
            tree = ["//image:tree"],
            visibility = ["//visibility:private"],
        )
    files = {"kernel": kernel, "initrd": initrd, "disk": disk}
    args = args + [
        "--%s=$(rootpath %s)" % (flag, label)
        for flag, label in files.items()
        if label
    ] + ["--mem=" + mem]
    if swap:
        args = args + ["--swap=" + swap] + ["--swap_error=" + error for error in swap_errors]
    if cmd:
        args = args + [_quoted("cmd", cmd)]
    if append:
        args = args + [_quoted("append", append)]
    args = args + [_quoted("qemu", word) for word in qemu]
    if icount:
        args = args + ["--icount"]
    if fsck:
        args = args + ["--fsck"]
    for harts in smp:
        native.sh_test(
            name = "%s_smp%d" % (name, harts),
            srcs = [runner],
            args = args + ["--smp=%d" % harts],
            data = data + [label for label in files.values() if label] + ["@system//:versions"],
            size = size,
            tags = tags + ["qemu"],
            timeout = timeout,
            **kwargs
        )
    native.test_suite(
        name = name,
        tags = tags,
        tests = [":%s_smp%d" % (name, harts) for harts in smp],
    )

def target_test(
        name,
        programs = [],
        cmd = None,
        append = None,
        smp = [1, 4],
        mem = "256M",
        swap = None,
        swap_errors = [],
        kernel = "//microkernel:kernel",
        initrd = "//image:initrd",
        disk = "//image:disk",
        icount = False,
        fsck = False,
        batch = False,
        qemu = [],
        tags = [],
        size = "medium",
        timeout = "moderate",
        **kwargs):
    """Boots in QEMU and runs each case of a test program as a GoogleTest case.

    Makes NAME_smp1, NAME_smp4, ... and the suite NAME.

    Args:
      name: of the suite.
      programs: test programs that the default disk gets as /bin/PROGRAM.
      cmd: the shell command line that starts the program with the cases, by
        default the first of programs, under //tests/harness/leaks.c.
      append: further words of the guest's command line.
      smp: numbers of harts, a test for each.
      mem: as QEMU's -m.
      swap: size of a second disk with swap space, such as "64M", which init uses;
        None for no such disk.
      swap_errors: "read:N" or "write:N" each: reading or writing sector N of it
        fails. Slot S is at sector 8 * (S + 1).
      kernel: what to boot.
      initrd: the boot archive.
      disk: the disk, unless programs make one; None for no disk.
      icount: count instructions exactly; one hart only.
      fsck: whether the disk must be clean after the orderly end.
      batch: the program reads nothing and runs all its cases, see
        //tests/harness:qemu_test.cc.
      qemu: further arguments of QEMU.
      tags: as of cc_test.
      size: as of cc_test.
      timeout: as of cc_test.
      **kwargs: as of cc_test.
    """
    _machine_test(
        name = name,
        runner = "//tests/harness:qemu_test",
        smp = smp,
        programs = programs,
        cmd = cmd or ("/bin/leaks /bin/" + programs[0].split(":")[-1].split("/")[-1] if programs else None),
        append = append,
        kernel = kernel,
        initrd = initrd,
        disk = disk,
        mem = mem,
        swap = swap,
        swap_errors = swap_errors,
        icount = icount,
        fsck = fsck,
        qemu = qemu,
        args = ["--batch"] if batch else [],
        data = [],
        tags = tags,
        size = size,
        timeout = timeout,
        **kwargs
    )

def script_test(
        name,
        script,
        programs = ["//tests/harness:leaks"],
        append = None,
        smp = [1, 4],
        mem = "256M",
        swap = None,
        swap_errors = [],
        kernel = "//microkernel:kernel",
        initrd = "//image:initrd",
        disk = "//image:disk",
        fsck = False,
        qemu = [],
        tags = [],
        size = "medium",
        timeout = "moderate",
        **kwargs):
    """Boots in QEMU to a shell under //tests/harness/leaks.c and drives it as a script says.

    Makes NAME_smp1, NAME_smp4, ... and the suite NAME.

    Args:
      name: of the suite.
      script: see //tests/harness:script_test.cc.
      programs: as of target_test.
      append: the guest's command line.
      smp: as of target_test.
      mem: as of target_test.
      swap: as of target_test.
      swap_errors: as of target_test.
      kernel: as of target_test.
      initrd: as of target_test.
      disk: as of target_test.
      fsck: as of target_test.
      qemu: as of target_test.
      tags: as of cc_test.
      size: as of cc_test.
      timeout: as of cc_test.
      **kwargs: as of cc_test.
    """
    _machine_test(
        name = name,
        runner = "//tests/harness:script_test",
        smp = smp,
        programs = programs,
        cmd = "exec /bin/leaks /bin/sh",
        append = append,
        kernel = kernel,
        initrd = initrd,
        disk = disk,
        mem = mem,
        swap = swap,
        swap_errors = swap_errors,
        icount = False,
        fsck = fsck,
        qemu = qemu,
        args = ["--script=$(rootpath %s)" % script],
        data = [script],
        tags = tags,
        size = size,
        timeout = timeout,
        **kwargs
    )

def behaviour_test(name, srcs, deps = [], copts = [], **kwargs):
    """Cases (see //tests/harness:cases.h) that must pass on Quire and on Linux.

    Makes the program NAME_program, the target_test NAME and, with Linux as the
    judge of the cases, NAME_linux.

    Args:
      name: of the target_test.
      srcs: C files with the cases.
      deps: libraries for both systems.
      copts: as of cc_binary.
      **kwargs: as of target_test.
    """
    program(
        name = name + "_program",
        testonly = True,
        srcs = srcs,
        copts = copts,
        deps = deps + ["//tests/harness:cases"],
        visibility = ["//tests:__subpackages__"],
    )
    target_test(
        name = name,
        programs = [":%s_program" % name],
        **kwargs
    )
    cc_binary(
        name = name + "_linux_program",
        testonly = True,
        srcs = srcs,
        copts = COPTS + copts,
        deps = deps + ["//tests/harness:cases"],
        visibility = ["//visibility:private"],
    )
    native.sh_test(
        name = name + "_linux",
        size = "small",
        srcs = ["//tests/harness:qemu_test"],
        args = ["--program=$(rootpath :%s_linux_program)" % name],
        data = [":%s_linux_program" % name],
    )
