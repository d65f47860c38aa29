# SPDX-License-Identifier: GPL-2.0
#
# Take the code blocks out of README.md. A clean machine has awk, and little else.
#
#   awk -f readme.awk README.md                          print "SECTION/NUMBER" of each block
#   awk -v want=SECTION/NUMBER -f readme.awk README.md   print that one, without its indent
#
# A block is a run of indented lines, or the lines between two fences. SECTION is the
# heading above it in lower case, with "-" for blanks; NUMBER counts from 1 in a section.

function add(line)
{
	if (!block) {
		block = section "/" ++number
		empty = 0
		if (!want)
			print block
	}
	# Empty lines within a block are printed with the line after them.
	if (block == want) {
		while (empty-- > 0)
			print ""
		print line
	}
	empty = 0
}

/^```/ {
	fenced = !fenced
	block = ""
	empty = 0
	next
}

fenced {
	if ($0 == "")
		empty++
	else
		add($0)
	next
}

/^    / {
	add(substr($0, 5))
	next
}

/^$/ {
	empty++
	next
}

{
	block = ""
	empty = 0
}

/^#/ {
	sub(/^#+ /, "")
	section = tolower($0)
	gsub(/ /, "-", section)
	number = 0
}
