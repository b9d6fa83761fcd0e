import './workers';
// Not graphiql/style.css, which carries a second copy of Monaco's style and fonts as data: URIs.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './playground.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Playground } from './Playground';

const place = document.getElementById('playground');
if (place === null) throw new Error('playground.html has no element #playground');
createRoot(place).render(
  <StrictMode>
    <Playground />
  </StrictMode>,
);
