# SPDX-License-Identifier: GPL-2.0
# Completion of page-reporting for bash: /usr/share/bash-completion/completions/
_page_reporting()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local commands="summary top blocks ages map json prometheus watch flush"
	local options="--root --help" word

	case $prev in
	--root) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--output | -o | --png | watch)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--sort) options="pfn order free reported" ;;
	--state) options="reported partial pending small untracked" ;;
	--interval | -n | --count | --node | --min-order | --max-order | --limit | \
		--width | --rows | --zone | --type) return ;;
	*)
		for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			case $word in
			summary) options+=" --width" commands= ;;
			top | watch) options+=" --interval --count" commands= ;;
			blocks) options+=" --state --zone --type --node --min-order --max-order --sort --reverse --limit" commands= ;;
			map) options+=" --width --rows --png" commands= ;;
			json | prometheus) options+=" --output" commands= ;;
			ages | flush) commands= ;;
			esac
		done
		options+=" $commands"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -F _page_reporting page-reporting
