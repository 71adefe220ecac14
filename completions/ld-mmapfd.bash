# Completion for bash: options, what they take, then the program and its own arguments.

_ld_mmapfd() {
    local options='--list --explain --explain= --json --stats --trace --verify --library-path --preload --audit --allow --argv0
        --inhibit-cache --inhibit-rpath --glibc-hwcaps-prepend --glibc-hwcaps-mask --list-diagnostics --list-tunables
        --help --version'
    local word=${COMP_WORDS[COMP_CWORD]} i
    COMPREPLY=()
    # The program is the first word that is neither an option nor the value of one.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --) ((i++)); break ;;
        --explain)
            # readline makes words of "=" and what follows it.
            [[ ${COMP_WORDS[i + 1]-} != = ]] || ((i += 2)) ;;
        --library-path | --preload | --audit | --allow | --argv0 | --inhibit-rpath | --glibc-hwcaps-prepend | --glibc-hwcaps-mask | --trace)
            ((i++))
            [[ ${COMP_WORDS[i]-} != = ]] || ((i++)) ;;
        -*) ;;
        *) break ;;
        esac
    done
    if ((i < COMP_CWORD)); then
        declare -F _command_offset >/dev/null && _command_offset "$i"
        return
    fi
    if ((i == COMP_CWORD)) && [[ $word != -* && $word != = ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word"; compgen -f -- "$word")
        return
    fi
    local option=${COMP_WORDS[COMP_CWORD - 1]}
    [[ $word != = ]] || word=
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --explain) mapfile -t COMPREPLY < <(compgen -W 'search symbol: reloc tls init json' -- "$word") ;;
    --allow) mapfile -t COMPREPLY < <(compgen -W 'execstack wx textrel' -- "$word") ;;
    --library-path) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --preload | --audit | --trace | --inhibit-rpath) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --argv0 | --glibc-hwcaps-prepend | --glibc-hwcaps-mask) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    esac
}

complete -o filenames -F _ld_mmapfd ld.so ld-mmapfd-x86_64.so.1 ld-mmapfd-aarch64.so.1
