/**
 * A page that is a file of its own, fetched when it is first opened. Not React's `lazy`: what that has suspended is held
 * back for 300 ms even if its file is there at once.
 */
import { type ComponentType, useEffect, useState } from 'react';
import { Loading } from '../ui/index.ts';

export interface PageFile {
  /** Undefined until it is here. */
  readonly component: ComponentType | undefined;
  /** Once is enough; after a failure it is tried again. */
  fetch(): Promise<void>;
}

export function pageFile(load: () => Promise<ComponentType>): PageFile {
  let component: ComponentType | undefined;
  let loading: Promise<void> | undefined;
  const fetchNow = async () => {
    try {
      component = await load();
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  return {
    get component() {
      return component;
    },
    fetch: () => {
      loading ??= fetchNow();
      return loading;
    },
  };
}

/** @throws what the file failed with, for the boundary around it */
export function Page({ file }: { readonly file: PageFile }) {
  const [, setArrived] = useState<PageFile>();
  const [failed, setFailed] = useState<{ readonly file: PageFile; readonly error: unknown }>();
  useEffect(() => {
    file.fetch().then(
      () => setArrived(file),
      (error: unknown) => setFailed({ file, error }),
    );
  }, [file]);
  if (failed?.file === file) throw failed.error;
  const { component: Component } = file;
  return Component === undefined ? <Loading /> : <Component />;
}
