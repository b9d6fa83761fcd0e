import { GraphiQL } from 'graphiql';
import { useMemo, useState } from 'react';
import { examples } from './examples';
import { createFetcher } from './fetcher';
import { SignIn, tokenOf } from './SignIn';

const tabs = examples.map(({ query, variables }) => ({
  query,
  variables: variables ? JSON.stringify(variables, null, 2) : '',
}));

export function Playground() {
  const [token, setToken] = useState<string>();
  const fetcher = useMemo(
    () =>
      createFetcher((answer) => {
        const newest = tokenOf(answer);
        if (newest !== undefined) setToken(newest);
      }),
    [],
  );

  return (
    <GraphiQL fetcher={fetcher} defaultTabs={tabs} defaultEditorToolsVisibility="variables" inputValueDeprecation schemaDescription>
      <GraphiQL.Logo>
        <a className="home" href="/">
          Notewire
        </a>
      </GraphiQL.Logo>
      <SignIn token={token} />
    </GraphiQL>
  );
}
