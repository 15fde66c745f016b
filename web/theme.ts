/**
 * Mantine's theme. The one visual idea of the dashboard: the interface is ink on paper, and colour is kept
 * for the state of endpoints, so that whatever is coloured says how something is.
 *
 * The values are CSS variables in theme.css and not made at run time: the pages allow no inline style sheet.
 */
import {
  createTheme,
  defaultVariantColorsResolver,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const shade = (index: number) => `var(--mantine-color-ink-${index})`;
const ink: MantineColorsTuple = [
  shade(0),
  shade(1),
  shade(2),
  shade(3),
  shade(4),
  shade(5),
  shade(6),
  shade(7),
  shade(8),
  shade(9),
];

export const theme = createTheme({
  fontFamily: 'var(--font-text)',
  fontFamilyMonospace: 'var(--font-code)',
  colors: { ink },
  primaryColor: 'ink',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  variantColorResolver(input) {
    const resolved = defaultVariantColorsResolver(input);
    const isInk = (input.color ?? input.theme.primaryColor) === 'ink';
    return input.variant === 'filled' && isInk ? { ...resolved, color: 'var(--ink-contrast)' } : resolved;
  },
  components: {
    // Locking the scroll would put a <style> element into the page.
    Checkbox: { defaultProps: { iconColor: 'var(--ink-contrast)' } },
    Modal: { defaultProps: { lockScroll: false, centered: true, closeButtonProps: { 'aria-label': 'Close' } } },
    Drawer: { defaultProps: { lockScroll: false } },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true } },
    Menu: { defaultProps: { lockScroll: false, shadow: 'md' } },
  },
});

export const colorSchemeManager = localStorageColorSchemeManager({ key: 'hypervize-color-scheme' });
