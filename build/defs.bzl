"""The rules and macros of every BUILD file here.

Target code is built from a plain host configuration: a *_binary or program is a
host target whose one file comes from the platform that it is for, so
"bazel test //..." needs no flags.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//image:rules.bzl", _archive = "archive", _disk = "disk")

archive = _archive
disk = _disk

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

_SANITIZE = ["-fsanitize=address,undefined"]

# What is tested on the host is tested under AddressSanitizer and UBSan, always.
_HOST_COPTS = _COPTS + _SANITIZE + [
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
        copts = _COPTS + copts,
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

def server_binary(name, linker_script = "//libsys:server.ld", **kwargs):
    """A server: no floating point, resident. NAME is stripped, NAME.debug is not.

    Other arguments as of cc_binary.
    """
    _target_binary(name, "//platforms:riscv64_server", _SERVER, linker_script, strip = True, **kwargs)

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
        copts = _COPTS + copts,
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
            "@platforms//os:none": _COPTS,
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
