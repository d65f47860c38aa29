#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""host_test.py TOOL DIR [TEST...]: test the carveout command without a heap. TAP on standard output.

TOOL is the command's source, DIR has the program, built with the fake driver of fake.c.
"""

import errno
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

from terminal import Terminal

TOOL = pathlib.Path(sys.argv[1])
OUT = pathlib.Path(sys.argv[2]).resolve()
PROGRAM = OUT / "carveout"
SVG = "{http://www.w3.org/2000/svg}"

HEAP = """\
region a 0x1000000 0x2
region b 0x800000 0x9
buffer frame.0 front%20camera 0x180000 0 0 3 0 812 camera
buffer frame.1 - 0x180000 0 0x180000 2 1 812 camera
buffer - scratch 0x1000 0 0x900000 1 0 901 isp
buffer mixer - 0x200000 1 0x100000 4 5 333 mixer
pool 0x10000 32 20 30 1
high 0xa00000
"""
# Names that a user chooses freely, or that only a broken driver would return.
HOSTILE = """\
region %1b[31mx%0a 0x1000000 0x2
buffer a<b>%22&'%1b[2J <svg%20onload="alert(1)">&%9b%e2%80%ae%ef%bf%be%ff 0x1000 0 0 1 1 7 %0a%1b]0;x%07
buffer - ]]>%00--> 0x800000 0 0x100000 1 0 0 %c3%28<
"""


def many(count):
    return "region a 0x10000000 0x8\n" + "".join(
        f"buffer t{i} label{i} 0x1000 0 {i * 0x8000:#x} 1 1 {i + 1} p\n" for i in range(count))


TESTS = []
DIR = None


def test(function):
    TESTS.append(function)
    return function


def heap(name, text):
    """Create a heap, or replace its state in one step."""
    path = DIR / name
    new = DIR.parent / "new"
    new.write_text(text)
    new.rename(path)


def environment(**extra):
    env = {"PATH": os.environ["PATH"], "CARVEOUT_DIR": str(DIR), "LC_ALL": "C", "TERM": "vt100"}
    env.update(extra)
    return env


def run(*args, stdin=b"", stdout=subprocess.PIPE, env=None):
    done = subprocess.run([PROGRAM, *args], input=stdin, stdout=stdout, timeout=60, check=False,
                          stderr=subprocess.PIPE, env=env or environment())
    error = done.stderr.decode()
    assert "Sanitizer" not in error and "runtime error" not in error, error
    return done.returncode, (done.stdout or b"").decode(errors="surrogateescape"), error


def same(name, got, want):
    assert got == want, f"{name} is {got!r}, not {want!r}"


def objects(text):
    """All JSON values of a text."""
    decoder, values = json.JSONDecoder(), []
    while text.strip():
        value, end = decoder.raw_decode(text.lstrip())
        values.append(value)
        text = text.lstrip()[end:]
    return values


def top(*args, rows=24, columns=80, **extra):
    return Terminal([str(PROGRAM), "top", *args], rows, columns, environment(**extra))


def shows(text):
    return lambda lines: any(text in line for line in lines)


# --- Bad input ---------------------------------------------------------------

NUMBERS = {"query": 0x00, "region": 0x01, "alloc": 0x02, "open": 0x03, "unlink": 0x04,
           "list": 0x05, "spans": 0x06, "link": 0x08, "setattr": 0x09, "resize": 0x0b,
           "pool_create": 0x0c, "pool_open": 0x0d, "acquire": 0x40, "release": 0x41,
           "pool_query": 0x42, "destroy": 0x43}
# The ioctls of each command. EINTR is not in the list: the library repeats the call.
USES = (
    (["ls", "dsp"], "query region list"),
    (["ls", "dsp", "--json"], "query region list"),
    (["info", "dsp"], "query region"),
    (["map", "dsp"], "query region list spans"),
    (["map", "--svg", "dsp"], "query region list spans"),
    (["alloc", "dsp", "new", "4K"], "query region alloc"),
    (["write", "dsp", "frame.0"], "query open"),
    (["cat", "dsp", "frame.0"], "query open"),
    (["rm", "dsp", "frame.0"], "query unlink"),
    (["link", "dsp", "new", "--size", "4K"], "query alloc link"),
    (["setattr", "dsp", "frame.0", "-m", "600"], "query setattr"),
    (["resize", "dsp", "frame.0", "4K"], "query open resize"),
    (["pool", "create", "dsp", "new", "4K", "4"], "query region pool_create"),
    (["pool", "ls", "dsp"], "query region list"),
    (["pool", "info", "dsp", "mixer"], "query pool_open pool_query"),
    (["pool", "acquire", "dsp", "mixer", "true"], "query pool_open acquire"),
    (["pool", "release", "dsp", "mixer", "0", "5"], "query pool_open release"),
    (["pool", "destroy", "dsp", "mixer"], "query pool_open destroy"),
    (["top", "dsp", "--once"], "query region list"),
)
ERRORS = ("EPERM ENOENT EIO EBADF EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV EINVAL EMFILE "
          "ENOSPC ETIMEDOUT EDQUOT EUCLEAN EIDRM EOPNOTSUPP EHWPOISON E2BIG EFBIG ENOTTY").split()


def check_error(args, ioctl, name):
    number = getattr(errno, name, 133)     # Python has no EHWPOISON.
    heap("dsp", HEAP + f"error {NUMBERS[ioctl]} {number}\n")
    code, out, err = run(*args, stdin=b"x")
    what = f"{' '.join(args)}, {name} of {ioctl}: {err!r}"
    lines = err.splitlines()
    assert code == 1, f"exit code {code}: {what}"
    assert len(lines) in (1, 2) and lines[0].startswith("carveout: "), what
    assert all(line.startswith("hint: ") for line in lines[1:]), what
    assert "--json" in args or not out, f"{what}: {out!r}"


@test
def each_error_of_the_driver_is_one_line_and_a_hint():
    count = 0
    for args, ioctls in USES:
        ioctls = ioctls.split()
        for ioctl in ioctls:
            # All errors of the last one, which the command is about; of the others some.
            for name in ERRORS if ioctl == ioctls[-1] else ERRORS[count % 7::7]:
                if (ioctl, name) != ("region", "ENOENT"):
                    check_error(args, ioctl, name)
                    count += 1
    assert count > 400, count


@test
def no_heap_is_an_error_of_each_command():
    heap("other", HEAP)
    for args, _ in USES:
        code, _, err = run(*args, env=environment(CARVEOUT_DIR=str(DIR / "none")))
        same(f"exit code of {args}", code, 1)
        assert "No such file" in err and "hint: no heap exists" in err, (args, err)
        code, _, err = run(*args)
        assert code == 1 and "hint: these heaps exist: other" in err, (args, err)


@test
def lost_output_is_an_error():
    heap("dsp", HEAP)
    for args, _ in USES:
        if args[0] in ("rm", "setattr") or args[1] in ("acquire", "release", "destroy"):
            continue
        with open("/dev/full", "wb") as full:
            code, _, err = run(*args, stdout=full, stdin=b"x")
        assert code == 1 and "No space left on device" in err, (args, code, err)
        same(f"exit code of {args} without output",
             subprocess.run(["sh", "-c", '"$@" >&-', "sh", PROGRAM, *args], input=b"x",
                            env=environment(), stderr=subprocess.DEVNULL,
                            check=False).returncode, 1)


@test
def top_ends_with_the_reader_of_its_pipe():
    heap("dsp", HEAP)
    with subprocess.Popen([PROGRAM, "top", "-d", "0.1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment()) as program:
        assert b"carveout top" in program.stdout.readline()
        program.stdout.close()
        same("exit code", program.wait(timeout=10), -signal.SIGPIPE)
        same("messages", program.stderr.read(), b"")


@test
def hostile_names_control_nothing():
    heap("dsp", HOSTILE)
    for args in (["ls", "dsp"], ["info", "dsp"], ["map", "dsp"], ["top", "--once"], ["pool", "ls"],
                 ["map", "--svg"], ["ls", "--json"], ["top", "--once", "--json"]):
        for env in (environment(), environment(LC_ALL="C.UTF-8")):
            code, out, err = run(*args, env=env)
            same(f"exit code of {args}", (code, err), (0, ""))
            assert not re.search(r"[\0-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]", out), (args, out)
    code, _, err = run("top", "\033[2J/x")
    assert code == 1 and "\033" not in err and "\\x1b[2J" in err, err


# --- JSON --------------------------------------------------------------------

@test
def json_of_all_that_lists():
    heap("dsp", HEAP)
    heap("video", many(9))
    for args in (["ls"], ["info"], ["pool", "ls"], ["top", "--once"]):
        (value,) = objects(run(*args, "--json")[1])
        same(f"heaps of {args}", [h["name"] for h in value["heaps"]], ["dsp", "video"])
    (pool,) = objects(run("pool", "ls", "dsp", "--json")[1])[0]["heaps"][0]["pools"]
    same("pool", [pool[k] for k in ("tag", "blocks", "free_blocks", "high_water", "waiters")],
         ["mixer", 32, 20, 30, 1])
    (info,) = objects(run("pool", "info", "dsp", "mixer", "--json")[1])
    same("block size", info["block_size"], 0x10000)


@test
def rate_is_the_change_in_a_second():
    heap("dsp", HEAP)
    with subprocess.Popen([PROGRAM, "top", "--json", "-n", "3", "-d", "1"], env=environment(),
                          stdout=subprocess.PIPE, text=True) as program:
        time.sleep(0.5)
        heap("dsp", HEAP.replace("0x180000 0 0 3", "0x80000 0 0 3"))
        out = program.communicate(timeout=60)[0]
        same("exit code", program.returncode, 0)
    first, second, third = (value["heaps"][0]["rate"] for value in objects(out))
    assert first is None and third == 0 and -0x100000 <= second < -0x60000, out


# --- Pictures ----------------------------------------------------------------

def svg(*args, **extra):
    code, out, err = run("map", "--svg", *args, env=environment(**extra))
    same("exit code", (code, err), (0, ""))
    return xml.etree.ElementTree.fromstring(out), out


@test
def svg_is_complete_and_refers_to_nothing():
    heap("dsp", HEAP)
    heap("video", HOSTILE)
    root, out = svg(LC_ALL="C.UTF-8")
    kinds = {element.tag.replace(SVG, "") for element in root.iter()}
    same("elements", kinds, {"svg", "title", "style", "defs", "pattern", "path", "rect", "text", "g"})
    names = {name for element in root.iter() for name in element.attrib}
    assert not any("href" in name or name.startswith("on") for name in names), names
    same("references", set(re.findall(r"url\(([^)]*)\)", out)), {"#pool"})
    texts = [text.text for text in root.iter(SVG + "text")]
    for want in ("heap dsp", "heap video", "frame.0", "frame.1", "mixer", "0x200000"):
        assert want in texts, (want, texts)
    titles = [title.text for title in root.iter(SVG + "title")]
    assert any(t.startswith("frame.0\n1536K at a+0x0\nowner ") and t.endswith("front camera")
               for t in titles), titles
    assert any('<svg onload="alert(1)">&' in t for t in titles), titles


@test
def svg_covers_each_buffer():
    heap("dsp", HEAP)
    root, _ = svg()
    box = [float(n) for n in root.get("viewBox").split()]
    widths = {}
    for group in root.iter(SVG + "g"):
        rects = [r for r in group.iter(SVG + "rect") if "edge" in r.get("class", "")]
        widths[group.find(SVG + "title").text.splitlines()[0]] = \
            sum(float(r.get("width")) for r in rects)
        for rect in rects:
            x, y = float(rect.get("x")), float(rect.get("y"))
            assert 0 <= x and x + float(rect.get("width")) <= box[2] and 0 <= y < box[3]
    free = [r for r in root.iter(SVG + "rect") if r.get("class") == "free"]
    row = max(float(r.get("width")) for r in free)
    same("rows of 2M and of 1M", len(free), 8 + 8)
    for tag, rows in (("frame.0", 0.75), ("frame.1", 0.75), ("mixer", 2)):
        assert abs(widths[tag] - rows * row) < 0.1, (tag, widths[tag], row)


@test
def svg_of_many_buffers_stays_small():
    heap("dsp", many(4000))
    root, out = svg()
    assert len(out) < 2000000, len(out)
    heap("dsp", "region a 0x1000000000 0x8\n" + many(4000).split("\n", 1)[1])
    root, out = svg()
    assert len(out) < 500000, len(out)
    texts = [text.text for text in root.iter(SVG + "text")]
    assert any("too small to be drawn apart" in t for t in texts), texts


@test
def svg_says_what_is_not_shown():
    heap("dsp", HEAP + "hidden\n")
    root, out = svg()
    assert "url(#unknown)" in out and "CAP_DAC_OVERRIDE" in out
    same("elements at all", root.tag, SVG + "svg")


# --- On a terminal -----------------------------------------------------------

@test
def top_fits_a_serial_console():
    heap("dsp", HEAP.replace("frame.0", "f" * 63).replace(" 812 camera", " 4194303 a_long_program_"))
    heap("a-heap-with-a-rather-long-name", many(200))
    heap("wide", HEAP.replace(" 812 camera", " 812 " + "%e8%bb%8a" * 5))
    for columns in (80, 0, 40, 132):
        terminal = top("-d", "0.2", columns=columns, rows=columns and 24, LC_ALL="C.UTF-8")
        terminal.until(shows(" more"))
        terminal.read(0.5)
        lines = terminal.screen.lines()
        same(f"unknown bytes at {columns}", terminal.screen.unknown, [])
        assert lines[2].startswith("HEAP ") and lines[0].startswith("carveout top"), lines
        assert columns == 40 or lines[2].endswith(" FAILS"), lines
        assert re.match(r"and \d+ more", lines[-1]), lines
        assert all(byte < 0x80 for byte in terminal.data), terminal.data
        assert b"m" not in re.findall(rb"\033\[[0-9;?]*(.)", terminal.data)
        terminal.send("q")
        same("exit code", terminal.wait(), 0)
        terminal.close()


@test
def top_shows_the_same_as_once():
    heap("dsp", HEAP)
    once = run("top", "--once")[1].splitlines()
    terminal = top("-d", "0.2")
    terminal.until(shows("frame.1"))
    terminal.read(0.5)
    lines = terminal.screen.lines()
    for line in once[5:11]:
        assert line in lines, (line, lines)
    for key, want in (("p", "CLIENTS"), ("h", "PROGRAM"), ("b", "HOLDERS"), ("\t", "PROGRAM"),
                      ("\t", "CLIENTS"), ("\t", "HOLDERS")):
        terminal.send(key)
        terminal.until(shows(want))
    terminal.close()


@test
def top_sends_only_changed_lines():
    heap("dsp", HEAP)
    terminal = top("-d", "0.3")
    terminal.until(shows("mixer"))
    terminal.read(0.4)
    got = terminal.read(1.2)
    # The clock, and the place of the cursor.
    assert 0 < len(got) < 500, got
    assert b"mixer" not in got, got
    heap("dsp", HEAP.replace(" 0 0 3 0", " 0 0 9 0"))
    terminal.until(shows("+9"))
    terminal.close()


@test
def top_scrolls():
    heap("dsp", many(200))
    terminal = top("-d", "100")
    terminal.until(shows("t0 "))
    terminal.send("\033[B" * 3)
    terminal.until(lambda lines: not shows("t2 ")(lines) and shows("t3 ")(lines))
    for byte in "\033[A":
        terminal.send(byte)
        terminal.read(0.1)
    terminal.until(shows("t2 "))
    terminal.send("\033[6~")
    terminal.until(lambda lines: not shows("t2 ")(lines))
    terminal.send("\033[H")
    terminal.until(shows("t0 "))
    terminal.send("\033[5~kkk\033[Zx\033")
    terminal.read(0.2)
    assert shows("t0 ")(terminal.screen.lines())
    terminal.close()


@test
def top_follows_the_size_of_the_terminal():
    heap("dsp", many(200))
    terminal = top("-d", "100")
    terminal.until(shows(" more"))
    for rows, columns in ((12, 60), (40, 120), (8, 40)):
        terminal.resize(rows, columns)
        terminal.until(lambda lines, rows=rows: "more" in lines[rows - 1])
        same("unknown bytes", terminal.screen.unknown, [])
    terminal.close()


@test
def top_gives_the_terminal_back():
    heap("dsp", HEAP)
    for end in ("q", "Q", signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, "\003"):
        terminal = top("-d", "100")
        before = True, True
        terminal.until(shows("mixer"))
        same("modes in between", terminal.modes(), (False, False))
        if isinstance(end, str):
            terminal.send(end)
        else:
            terminal.kill(end)
        same(f"exit code after {end!r}", terminal.wait(), 0)
        same(f"modes after {end!r}", terminal.modes(), before)
        assert shows("mixer")(terminal.screen.lines())
        terminal.close()


@test
def top_stops_and_continues():
    heap("dsp", HEAP)
    # A shell with job control; without one nothing could continue the program.
    terminal = Terminal(["bash", "-mc", '"$@"; echo state $?; read -r; fg >/dev/null; echo end $?',
                         "bash", str(PROGRAM), "top", "-d", "100"], env=environment())
    terminal.until(shows("mixer"))
    terminal.send("\032")
    terminal.until(shows(f"state {128 + signal.SIGTSTP}"))
    same("modes while stopped", terminal.modes(), (True, True))
    terminal.send("\n")
    terminal.until(lambda lines: lines[0].startswith("carveout top") and not shows("state")(lines))
    same("modes after that", terminal.modes(), (False, False))
    terminal.send("q")
    terminal.until(shows("end 0"))
    same("modes at the end", terminal.modes(), (True, True))
    terminal.close()


@test
def top_ends_with_its_terminal():
    heap("dsp", HEAP)
    terminal = top("-d", "100")
    terminal.until(shows("mixer"))
    terminal.hang_up()
    same("exit code", terminal.wait(), 1)
    terminal.close()


@test
def top_survives_a_heap_that_ends():
    heap("dsp", HEAP)
    heap("video", HEAP)
    terminal = top("-d", "0.2")
    terminal.until(shows("video"))
    (DIR / "video").unlink()
    terminal.until(lambda lines: not shows("video")(lines))
    heap("dsp", HEAP + "error 5 117\n")
    terminal.until(shows("dsp: Structure needs cleaning"))
    heap("dsp", HEAP)
    terminal.until(shows("mixer"))
    (DIR / "dsp").unlink()
    terminal.until(shows("no heap"))
    terminal.send("q")
    same("exit code", terminal.wait(), 0)
    terminal.close()


@test
def top_is_plain_without_a_terminal():
    heap("dsp", HEAP)
    for args in (["-n", "2"], ["--once"], ["-n", "1", "--json"]):
        terminal = top(*args, "-d", "0.1")
        same(f"exit code of {args}", terminal.wait(), 0)
        assert b"\033" not in terminal.data and b"mixer" in terminal.data
        terminal.close()
    terminal = top("-d", "100", TERM="dumb")
    terminal.until(shows("mixer"))
    assert b"\033" not in terminal.data
    terminal.send("\003")
    same("exit code", terminal.wait(), 0)
    terminal.close()


# --- Completion --------------------------------------------------------------

# Beginnings of a command line, and their completions.
COMPLETIONS = (
    ("se", {"setattr"}), ("r", {"rm", "resize"}), ("pool ", {"create", "ls", "info", "acquire",
                                                             "release", "destroy"}),
    ("pool a", {"acquire"}), ("help li", {"link"}), ("help pool de", {"destroy"}),
    ("ls ", {"dsp", "video"}), ("ls d", {"dsp"}), ("ls dsp ", set()),
    ("cat dsp ", {"frame.0", "frame.1", "mixer"}), ("cat dsp f", {"frame.0", "frame.1"}),
    ("cat dsp frame.0 ", set()), ("rm dsp frame.0 m", {"mixer"}),
    ("pool info dsp m", {"mixer"}), ("cat --offset 5 dsp m", {"mixer"}),
    ("top --o", {"--once"}), ("pool ls --", {"--bytes", "--json", "--help"}),
    ("alloc dsp x 4K --at", {"--attr"}), ("alloc dsp x 4K --attr un", {"uncached"}),
    ("alloc dsp x 4K --region ", {"a", "b"}), ("cat --offset ", set()),
    ("cat -o ", set()), ("setattr dsp mixer -o roo", {"root"}),
    ("frobnicate ", set()), ("frobnicate x ", set()),
)

BASH = """
source "$1"
IFS=' ' read -r -a COMP_WORDS <<< "$2"
[[ $2 != *' ' ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_carveout
printf '%s\\n' "${COMPREPLY[@]}"
"""


@test
def bash_completes():
    heap("dsp", HEAP)
    heap("video", HEAP)
    for line, want in (*COMPLETIONS, ("write dsp m -f /usr/shar", {"/usr/share"})):
        done = subprocess.run(["bash", "-c", BASH, "bash", TOOL / "completion/carveout.bash",
                               f"{PROGRAM} {line}"], env=environment(), capture_output=True,
                              text=True, check=False)
        same(f"bash: {line!r}", (set(done.stdout.split()), done.stderr), (want, ""))
    for variable in ("CARVEOUT_DIR", "PATH"):
        done = subprocess.run(["bash", "-c", BASH, "bash", TOOL / "completion/carveout.bash",
                               "carveout cat d"], env=environment(**{variable: "/usr/bin"}),
                              capture_output=True, text=True, check=False)
        same("bash without the command", (done.stdout.strip(), done.stderr), ("", ""))


# The functions need the line editor of a shell on a terminal. Matches are written to a file
# when they are added.
ZSH = """
PS1= fpath=({fpath} $fpath)
autoload -U compinit && compinit -u -D
compadd() {{
	local -a found
	(( ${{@[(I)-[OAD]]}} )) || {{
		builtin compadd -O found "$@"
		print -rl -- $found >> {log}
	}}
	builtin compadd "$@"
}}
show() {{ _main_complete; compstate[insert]= compstate[list]=; print done >> {log}; }}
zle -C show list-choices show
bindkey '^T' show
print READY
"""


def zsh_matches(terminal, log, line):
    log.write_text("")
    terminal.send(f"\025{PROGRAM} {line}\024")
    end = time.monotonic() + 60
    while "done" not in log.read_text().split() and time.monotonic() < end:
        terminal.read(0.05)
    words = log.read_text().split()
    assert "done" in words, f"zsh: no end of {line!r}"
    return set(words) - {"done"}


@test
def zsh_completes():
    path = TOOL.resolve() / "completion/_carveout"
    done = subprocess.run(["zsh", "-n", path], capture_output=True, check=False, text=True)
    same("zsh -n", (done.returncode, done.stderr), (0, ""))
    heap("dsp", HEAP)
    heap("video", HEAP)
    log, script = DIR.parent / "log", DIR.parent / "zshrc"
    script.write_text(ZSH.format(fpath=path.parent, log=log))
    terminal = Terminal(["zsh", "-f", "-i"], env=environment(TERM="dumb", HOME=str(DIR.parent)))
    terminal.send(f". {script}\n")
    terminal.until(shows("READY"))
    for line, want in COMPLETIONS:
        same(f"zsh: {line!r}", zsh_matches(terminal, log, line), want)
    terminal.close()


# --- Files -------------------------------------------------------------------

def install(target, *variables):
    root = OUT / "root"
    subprocess.run(["make", "-s", "-C", TOOL, f"O={OUT}/install", "CFLAGS=-O0", target,
                    f"DESTDIR={root}", *variables], check=True, stdout=subprocess.DEVNULL)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@test
def installs_its_files():
    shutil.rmtree(OUT / "root", ignore_errors=True)
    same("files", install("install", "PREFIX=/usr"), {
        "usr/bin/carveout", "usr/share/man/man1/carveout.1",
        "usr/share/bash-completion/completions/carveout",
        "usr/share/zsh/site-functions/_carveout",
        "usr/lib/udev/rules.d/60-carveout.rules", "usr/lib/sysusers.d/carveout.conf"})
    same("files that stay", install("uninstall", "PREFIX=/usr"), set())
    same("files elsewhere", install("install", "PREFIX=/usr", "datadir=/d", "BASHCOMPDIR=/b",
                                    "ZSHCOMPDIR=/usr/share/zsh/vendor-completions",
                                    "UDEVDIR=/u", "SYSUSERSDIR=/s"), {
        "usr/bin/carveout", "d/man/man1/carveout.1", "b/carveout",
        "usr/share/zsh/vendor-completions/_carveout", "u/60-carveout.rules",
        "s/carveout.conf"})


@test
def man_page_has_each_command_and_option():
    page = (TOOL / "carveout.1").read_text().replace("\\-", "-")
    found = subprocess.run(["mandoc", "-Tlint", "-W", "warning", TOOL / "carveout.1"],
                           capture_output=True, text=True, check=False).stdout
    same("findings of mandoc", found, "")
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +", run("--help")[1], re.M)
    assert len(names) >= 17, names
    for name in names:
        section = re.search(rf"^\.SS carveout {name}\n(.*?)^\.S[SH] ", page, re.M | re.S)
        assert section, f"no section on {name}"
        assert f"carveout {name}\\fR" in page, f"no synopsis of {name}"
        for option in set(re.findall(r"--[a-z][a-z-]*", run(*name.split(), "--help")[1])):
            assert option in section.group(1) or option == "--help" or \
                "Options as for" in section.group(1), f"{name}: {option} is not described"


def main():
    global DIR
    failed = 0
    tests = [t for t in TESTS if not sys.argv[3:] or t.__name__ in sys.argv[3:]]
    print("TAP version 13")
    print(f"1..{len(tests)}")
    for number, function in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as name:
            DIR = pathlib.Path(name) / "heaps"
            DIR.mkdir()
            try:
                function()
                print(f"ok {number} {function.__name__}", flush=True)
            except Exception as error:  # A test that breaks is a failure, too.
                failed += 1
                print(f"not ok {number} {function.__name__}")
                print("# " + str(error)[:2000].replace("\n", "\n# "), flush=True)
    return failed > 0


sys.exit(main())
