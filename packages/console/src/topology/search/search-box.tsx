/** Search: filters in the query language with completion, and jumps to nodes by name. */
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api/index.ts';
import { classNames, Icon, IconButton, sentence } from '../../ui/index.ts';
import type { Nodes } from '../model/live-view.ts';
import type { ChangeState, PageState } from '../model/page-state.ts';
import type { NodeSummary } from '../model/schema.ts';
import styles from './search-box.module.css';

const completion = z.object({ from: z.number(), to: z.number(), suggestions: z.array(z.string()) });
const [maxNodes, maxSuggestions] = [6, 8];

type Choice =
  | { readonly kind: 'node'; readonly node: NodeSummary }
  | { readonly kind: 'text'; readonly text: string; readonly whole: string };

function useCompletion(view: string, text: string, isOpen: boolean) {
  return useQuery({
    queryKey: ['completion', view, text],
    enabled: isOpen,
    queryFn: ({ signal }) => request('/api/query', { query: { view, text }, schema: completion, signal }),
    staleTime: 30_000,
  }).data;
}

function namesLike(nodes: Nodes | undefined, text: string): readonly NodeSummary[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '' || nodes === undefined) return [];
  const found: NodeSummary[] = [];
  for (const node of nodes.values()) {
    if (node.label.toLowerCase().includes(wanted)) found.push(node);
    if (found.length >= maxNodes) break;
  }
  return found;
}

export interface SearchBoxProps {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly nodes: Nodes | undefined;
  readonly error: unknown;
}

/** `/` anywhere on the page leads here. */
function useSlash(focus: () => void): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement &&
        event.target.closest('input, textarea, select, .xterm') !== null;
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [focus]);
}

function Options(props: {
  readonly id: string;
  readonly choices: readonly Choice[];
  readonly active: number;
  readonly take: (choice: Choice) => void;
}) {
  const { id, choices, active, take } = props;
  return (
    <div id={id} role="listbox" aria-label="Suggestions" className={styles.list}>
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, and names the active option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
        <div
          key={choice.kind === 'node' ? choice.node.id : choice.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={classNames(styles.option, index === active && styles.active)}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => take(choice)}
        >
          {choice.kind === 'node' ? (
            <>
              <Icon name="topology" size={13} />
              <span>{choice.node.label}</span>
              <small>{choice.node.labelMinor}</small>
            </>
          ) : (
            <>
              <Icon name="search" size={13} />
              <code>{choice.text}</code>
            </>
          )}
        </div>
      ))}
    </div>
  );
}

export function SearchBox({ state, change, nodes, error }: SearchBoxProps) {
  const [text, setText] = useState(state.query);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const listId = useId();
  useEffect(() => setText(state.query), [state.query]);
  useSlash(useMemo(() => () => field.current?.focus(), []));
  const completed = useCompletion(state.view, text, isOpen);
  const choices = useMemo<readonly Choice[]>(() => {
    const texts = (completed?.suggestions ?? []).slice(0, maxSuggestions).map((suggestion) => ({
      ...{ kind: 'text' as const, text: suggestion },
      whole: `${text.slice(0, completed?.from ?? 0)}${suggestion}${text.slice(completed?.to ?? text.length)}`,
    }));
    return [...namesLike(nodes, text).map((node) => ({ kind: 'node' as const, node })), ...texts];
  }, [completed, nodes, text]);

  const filter = (query: string) => {
    setOpen(false);
    change({ query: query.trim() });
  };
  const take = (choice: Choice) => {
    setActive(-1);
    if (choice.kind === 'text') return setText(choice.whole);
    setText(state.query);
    setOpen(false);
    field.current?.blur();
    change({ node: choice.node.id });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = choices[active];
    if (event.key === 'ArrowDown') setActive((now) => Math.min(now + 1, choices.length - 1));
    else if (event.key === 'ArrowUp') setActive((now) => Math.max(now - 1, -1));
    else if (event.key === 'Enter' && chosen !== undefined) take(chosen);
    else if (event.key === 'Enter') filter(text);
    else if (event.key === 'Escape') {
      setOpen(false);
      if (!isOpen) field.current?.blur();
    } else return;
    event.preventDefault();
  };
  const problem = error instanceof Error && state.query !== '' ? sentence(error.message) : undefined;
  const isListed = isOpen && choices.length > 0;
  return (
    <search className={styles.search}>
      <Icon name="search" size={14} />
      <input
        ref={field}
        role="combobox"
        aria-label="Search and filter"
        aria-expanded={isListed}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isListed && active >= 0 ? `${listId}-${active}` : undefined}
        aria-invalid={problem !== undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Search, or filter: label.tier=front cpu>50%"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setActive(-1);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {text !== '' ? (
        <IconButton
          icon="close"
          label="Clear the search"
          onClick={() => {
            setText('');
            filter('');
          }}
        />
      ) : (
        <kbd className={styles.key}>/</kbd>
      )}
      {isListed && <Options id={listId} {...{ choices, active, take }} />}
      {problem !== undefined && !isListed && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </search>
  );
}
