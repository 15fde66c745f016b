import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

const SHOWN_MS = 1600;

/** Also where the clipboard is not given to pages: on plain http hosts other than localhost. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard && isSecureContext) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // Refused, for example because the page has no focus; the old way still may.
    }
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

function useCopy(text: string): [boolean, () => void] {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return [isCopied, () => void copyText(text).then(() => setIsCopied(true))];
}

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const [isCopied, copy] = useCopy(text);
  return (
    <Tooltip label={isCopied ? 'Copied' : label}>
      <ActionIcon variant="subtle" size="sm" onClick={copy} aria-label={label}>
        {isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, copy] = useCopy(text);
  return (
    <Button
      variant="default"
      size="xs"
      onClick={copy}
      leftSection={isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
    >
      {isCopied ? 'Copied' : label}
    </Button>
  );
}
