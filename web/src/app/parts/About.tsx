import { useTexts } from '../i18n';
import { Dialog } from '../ui/Dialog';

/** The page itself names what this server shows of its API: one that hides its schema leaves links out. */
function links() {
  return [...document.querySelectorAll<HTMLAnchorElement>('#api a')].map((link) => ({
    href: link.getAttribute('href')!,
    name: link.querySelector('strong')?.textContent ?? '',
    text: link.querySelector('span')?.textContent ?? '',
    path: link.querySelector('code')?.textContent ?? '',
  }));
}

export function About({ onClose }: { onClose: () => void }) {
  const t = useTexts();
  return (
    <Dialog title={t.about} onClose={onClose}>
      <p className="lead">{t.lead}</p>
      <p className="soft">{t.aboutText}</p>
      <nav className="links" aria-label="API" lang="en">
        {links().map(({ href, name, text, path }) => (
          <a key={href} href={href}>
            <strong>{name}</strong>
            <span>{text}</span>
            <code>{path}</code>
          </a>
        ))}
      </nav>
      <pre className="code" tabIndex={0} lang="en">{`curl ${location.origin}/graphql \\
  -H 'Content-Type: application/json' \\
  -d '{"query":"{ posts(first: 3) { nodes { id title } } }"}'`}</pre>
    </Dialog>
  );
}
