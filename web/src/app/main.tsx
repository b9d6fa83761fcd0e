import { createRoot } from 'react-dom/client';
import { App } from './App';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/overlays.css';
import './styles/bar.css';
import './styles/layout.css';
import './styles/rows.css';
import './styles/welcome.css';
import './styles/people.css';
import './styles/board.css';
import './styles/conversation.css';
import './styles/traffic.css';

createRoot(document.getElementById('app')!).render(<App />);
