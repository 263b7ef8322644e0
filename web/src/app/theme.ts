import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Ink: the one accent. Everything else is paper and graphite, so that state colours are the only ones that speak. */
const ink: MantineColorsTuple = ['#eef0fd', '#dde1fa', '#bcc4f4', '#98a4ee', '#7786e6', '#5a6bdc', '#4353c9', '#3645ae', '#2b3a9e', '#202c7c'];

/** Paper to graphite, very slightly warm. */
const gray: MantineColorsTuple = ['#faf9f7', '#f4f3f0', '#e9e7e3', '#dbd8d2', '#c2beb7', '#9a968e', '#6f6b64', '#56524c', '#3a3733', '#22201d'];

/** Dark scheme: 0 is text, 7 the page, 9 the deepest. Slightly blue, so that it does not look like a switched-off light scheme. */
const dark: MantineColorsTuple = ['#e4e6eb', '#b6bac4', '#9499a6', '#6d7280', '#3a3f4b', '#2b2f39', '#20242c', '#171a21', '#12151b', '#0d0f14'];

/** The green of a yes: white text on its 8th shade has 6.5:1. */
const yes: MantineColorsTuple = ['#e6f4eb', '#cfe9d8', '#a3d4b5', '#74be8f', '#4da971', '#33985b', '#23854b', '#1d7742', '#1a6b3c', '#135230'];

export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 7, dark: 5 },
  colors: { ink, gray, dark, yes },
  fontFamily: "'Inter Variable', ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.5' },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '14px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.3' },
      h2: { fontSize: '1.0625rem', lineHeight: '1.35' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h4: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 200, withArrow: true, multiline: true, maw: 340, events: { hover: true, focus: true, touch: true } } },
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' }, overlayProps: { backgroundOpacity: 0.45 } } },
    Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: 'md', borderColor: 'var(--cs-line)' } },
    Anchor: { defaultProps: { underline: 'hover', inherit: true } },
  },
});

/** Our own words for surfaces and states; both schemes meet 4.5:1 for text on the surface it is used on. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfaf8',
    '--mantine-color-text': '#22201d',
    '--mantine-color-dimmed': '#635f58',
    '--mantine-color-anchor': '#3645ae',
    '--mantine-color-placeholder': '#77736b',
    '--cs-surface': '#ffffff',
    '--cs-sunken': '#f4f3f0',
    '--cs-line': '#e4e1dc',
    '--cs-line-strong': '#cfcbc4',
    '--cs-accent': '#3645ae',
    '--cs-accent-soft': '#eef0fd',
    '--cs-ok': '#1a6b3c', '--cs-ok-soft': '#e6f4eb',
    '--cs-wait': '#8a4b00', '--cs-wait-soft': '#fdf0dc',
    '--cs-bad': '#b3261e', '--cs-bad-soft': '#fdeceb',
    '--cs-run': '#2348b0', '--cs-run-soft': '#e8edfc',
    '--cs-idle': '#57534c', '--cs-idle-soft': '#efedea',
    '--cs-added': '#e2f3e8', '--cs-removed': '#fbe9e7',
    '--cs-code-key': '#3645ae', '--cs-code-text': '#1a6b3c', '--cs-code-number': '#8a4b00', '--cs-code-word': '#a02a6a', '--cs-code-note': '#635f58',
  },
  dark: {
    '--mantine-color-body': '#12151b',
    '--mantine-color-text': '#e4e6eb',
    '--mantine-color-dimmed': '#9ea3b0',
    '--mantine-color-anchor': '#a3aef3',
    '--mantine-color-placeholder': '#868b98',
    '--cs-surface': '#181b22',
    '--cs-sunken': '#0f1217',
    '--cs-line': '#272b35',
    '--cs-line-strong': '#3a3f4b',
    '--cs-accent': '#a3aef3',
    '--cs-accent-soft': '#22284a',
    '--cs-ok': '#6fd197', '--cs-ok-soft': '#16301f',
    '--cs-wait': '#f0b866', '--cs-wait-soft': '#382811',
    '--cs-bad': '#ff9a91', '--cs-bad-soft': '#401a18',
    '--cs-run': '#9db4ff', '--cs-run-soft': '#1c2747',
    '--cs-idle': '#a9aeba', '--cs-idle-soft': '#262a33',
    '--cs-added': '#173222', '--cs-removed': '#3a1d1c',
    '--cs-code-key': '#a3aef3', '--cs-code-text': '#8fd6a8', '--cs-code-number': '#f0b866', '--cs-code-word': '#f2a3cd', '--cs-code-note': '#9ea3b0',
  },
});
