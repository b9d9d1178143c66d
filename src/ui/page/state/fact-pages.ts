/** The log as a list that grows at both ends: newer facts as they are recorded, older ones when they are scrolled to. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { FactLine, FactsQuery } from "../../protocol.js";
import { isAbort, sentenceOf } from "../source/index.js";
import { useSession } from "./session.js";

const PAGE_FACTS = 200;
/** Facts in the list at the most: the oldest are let go, and can be scrolled to again. */
const LIST_FACTS_MAX = 20_000;
/** Pages of a search that hold nothing, one after the other, before the reader is asked whether to go on. */
const EMPTY_PAGES_MAX = 20;
const NEWER_EVERY_MS = 400;

export interface FactList {
  /** Newest first. */
  readonly facts: readonly FactLine[];
  readonly hasOlder: boolean;
  readonly isAsking: boolean;
  readonly problem: string | null;
  readonly loadOlder: () => void;
}

type Filter = Pick<FactsQuery, "text" | "type" | "job">;
interface Pages {
  readonly facts: readonly FactLine[];
  readonly before: string | null;
  readonly isAsking: boolean;
  readonly problem: string | null;
}
const NOTHING: Pages = { facts: [], before: null, isAsking: true, problem: null };

export function useFacts(filter: Filter): FactList {
  const { source, playhead, feed } = useSession();
  const [pages, setPages] = useState<Pages>(NOTHING);
  const moment = playhead.moment.value;
  const key = JSON.stringify([filter, moment]);
  const asking = useRef(new AbortController());
  const older = async (before: string | null, signal: AbortSignal): Promise<void> => {
    let cursor = before;
    for (let empty = 0; empty < EMPTY_PAGES_MAX; empty += 1) {
      const query = { ...filter, limit: PAGE_FACTS, ...(cursor !== null && { before: cursor }) };
      const page = await source.facts(query, signal);
      if (signal.aborted) return;
      cursor = page.before;
      const more = [...page.facts].reverse();
      setPages((known) => ({
        ...{ facts: [...known.facts, ...more], before: page.before, problem: null },
        isAsking: false,
      }));
      if (more.length > 0 || cursor === null) return;
    }
  };
  const guarded = (work: (signal: AbortSignal) => Promise<void>): void => {
    const { signal } = asking.current;
    work(signal).catch((error: unknown) => {
      if (!isAbort(error) && !signal.aborted)
        setPages((known) => ({ ...known, problem: sentenceOf(error), isAsking: false }));
    });
  };
  // Another filter or another moment is another list.
  useEffect(() => {
    asking.current.abort();
    asking.current = new AbortController();
    setPages(NOTHING);
    guarded((signal) => older(moment === null ? null : String(moment + 1), signal));
    return () => asking.current.abort();
  }, [key]);
  const newest = pages.facts[0]?.address;
  const isBusy = useRef(false);
  const newer = (): void => {
    if (isBusy.current || pages.isAsking) return;
    isBusy.current = true;
    guarded(async (signal) => {
      try {
        const query = { ...filter, limit: PAGE_FACTS, ...(newest !== undefined && { after: newest }) };
        const { facts } = await source.facts(query, signal);
        if (signal.aborted) return;
        setPages((known) => ({
          ...{ ...known, problem: null },
          facts: facts.length === 0 ? known.facts : [...[...facts].reverse(), ...known.facts].slice(0, LIST_FACTS_MAX),
        }));
      } finally {
        isBusy.current = false;
      }
    });
  };
  const head = feed.board.value?.position;
  const link = feed.link.value.kind;
  useEffect(() => {
    if (moment !== null || head === undefined) return;
    const timer = setTimeout(newer, NEWER_EVERY_MS);
    return () => clearTimeout(timer);
  }, [head, link, moment, newest, pages.isAsking]);
  const { facts, before, isAsking, problem } = pages;
  const loadOlder = (): void => {
    if (before === null || isAsking) return;
    setPages((known) => ({ ...known, isAsking: true }));
    guarded((signal) => older(before, signal));
  };
  return { facts, hasOlder: before !== null, isAsking, problem, loadOlder };
}
