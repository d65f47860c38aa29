# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Completion of the carveout command for bash. It is installed where bash-completion finds
# it, and needs nothing of that package when it is sourced by hand.
#
# Commands, operands and options are taken from the help texts of the command.

# The names of all commands, with a line for each.
_carveout_commands()
{
	"$1" --help 2>/dev/null |
		sed -nE 's/^  ([a-z]+( [a-z]+)?)  +[a-z].*/\1/p'
}

_carveout_heaps()
{
	(cd "${CARVEOUT_DIR:-/dev/carveout}" 2>/dev/null && printf '%s\n' *)
}

# _carveout_tags COMMAND HEAP
_carveout_tags()
{
	local tag rest

	"$1" ls "$2" 2>/dev/null | while read -r tag rest; do
		[[ $tag = - || $tag = TAG ]] || echo "$tag"
	done
}

# _carveout_regions COMMAND HEAP
_carveout_regions()
{
	"$1" info "$2" 2>/dev/null | sed -nE 's/^ +[0-9]+  +([^ ]+) .*/\1/p'
}

# _carveout_value COMMAND HELP OPTION HEAP: the value of an option
_carveout_value()
{
	local tool=$1 option=$3 heap=$4

	# A letter has another meaning with each command.
	[[ $option = --* ]] || option=$(sed -nE "s/^ +$option, (--[a-z-]+) .*/\1/p" <<< "$2")
	case $option in
	--file)		compgen -f -- "$cur" ;;
	--owner)	compgen -u -- "$cur" ;;
	--group)	compgen -g -- "$cur" ;;
	--attr)		compgen -W "cached writecombine uncached pages no-cpu" -- "$cur" ;;
	--region)	compgen -W "$(_carveout_regions "$tool" "$heap")" -- "$cur" ;;
	esac
}

# _carveout_operand COMMAND HELP NUMBER HEAP
_carveout_operand()
{
	local usage=${2%%$'\n'*}

	if [[ $3 = 1 && $usage = *HEAP* ]]; then
		compgen -W "$(_carveout_heaps)" -- "$cur"
	elif [[ $usage = *'HEAP TAG...'* || ( $3 = 2 && $usage = *'HEAP TAG'* ) ]]; then
		compgen -W "$(_carveout_tags "$1" "$4")" -- "$cur"
	fi
}

# _carveout_arguments COMMAND FIRST NAME...: the words after the name of a command
_carveout_arguments()
{
	local tool=$1 i=$2 help operands=() word valued

	shift 2
	help=$("$tool" "$@" --help 2>/dev/null) || return
	# Options that a value follows, each between blanks.
	valued=" $(sed -nE 's/^ +(-[a-z0-9], )?(--[a-z-]+) [A-Z[].*/\1\2/p' <<< "$help" |
		tr -d , | xargs) "
	for (( ; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $valued = *" $word "* ]]; then
			i=$((i + 1))
		elif [[ $word != -* ]]; then
			operands+=("$word")
		fi
	done
	if [ "$i" -gt "$COMP_CWORD" ]; then
		_carveout_value "$tool" "$help" "${COMP_WORDS[COMP_CWORD - 1]}" "${operands[0]-}"
	elif [[ $cur = -* ]]; then
		compgen -W "$(grep -oE -- '--[a-z]+(-[a-z]+)*' <<< "$help" | sort -u)" -- "$cur"
	else
		_carveout_operand "$tool" "$help" $((${#operands[@]} + 1)) "${operands[0]-}"
	fi
}

_carveout_words()
{
	local tool=${COMP_WORDS[0]/#\~/$HOME} cur=${COMP_WORDS[COMP_CWORD]} first=1 name
	local commands

	commands=$(_carveout_commands "$tool")
	[[ $COMP_CWORD -lt 2 || ${COMP_WORDS[1]} != help ]] || first=2
	if [ "$COMP_CWORD" = "$first" ]; then
		compgen -W "$(cut -d ' ' -f 1 <<< "$commands" | sort -u) help" -- "$cur"
		return
	fi
	name=${COMP_WORDS[first]}
	if grep -qx "$name" <<< "$commands"; then
		[ "$first" = 2 ] || _carveout_arguments "$tool" 2 "$name"
	elif [ "$COMP_CWORD" = $((first + 1)) ]; then
		compgen -W "$(sed -n "s/^$name //p" <<< "$commands")" -- "$cur"
	elif [ "$first" = 1 ]; then
		_carveout_arguments "$tool" 3 "$name" "${COMP_WORDS[2]}"
	fi
}

_carveout()
{
	mapfile -t COMPREPLY < <(_carveout_words)
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--file|-f)	compopt -o filenames 2>/dev/null ;;
	esac
}

complete -F _carveout carveout
