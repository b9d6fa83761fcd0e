// Monaco's API file imports its diff editors, which no page of ours opens. vite.config.ts puts these in their place; whoever
// opens one all the same is told why there is none.

class NoDiffEditor {
  constructor() {
    throw new Error('This build of Monaco has no diff editor: see vite.config.ts.');
  }
}

export { NoDiffEditor as DiffEditorWidget, NoDiffEditor as MultiDiffEditorWidget };
