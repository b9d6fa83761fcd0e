import { useTexts } from '../i18n';
import { Dialog } from './Dialog';

interface Props {
  readonly question: string;
  readonly action: string;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** Asks once more before something that cannot be undone. */
export function Confirm({ question, action, onClose, onConfirm }: Props) {
  const t = useTexts();
  return (
    <Dialog title={action} onClose={onClose}>
      <div className="form">
        <p>{question}</p>
        <div className="actions end">
          <button type="button" className="button" onClick={onClose}>
            {t.cancel}
          </button>
          <button
            type="button"
            className="button danger"
            onClick={() => {
              onClose();
              onConfirm();
            }}
          >
            {action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
