// Type-aware lint: floating promises and missing switch cases are how a SIP server dies quietly.
import tseslint from 'typescript-eslint';

const timers = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: 'Take the Clock port: time arrives through constructors (docs/adr/0003).',
}));

export default tseslint.config(
  {
    ignores: [
      'node_modules/**',
      '**/*.mjs',
      'eslint.config.js',
      '.dependency-cruiser.cjs',
      'work/**',
      '**/generated/**',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'before', 'after', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'max-params': ['error', 5],
      'max-depth': ['error', 4],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    },
  },
  {
    files: ['crds/src/**/*.ts', 'operator/src/**/*.ts', 'sbc-runtime/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'max-lines': ['error', { max: 350 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-console': 'error',
    },
  },
  {
    // Only a main.ts reads the environment or exits; only kernel owns timers and the wall clock.
    files: ['sbc-runtime/src/**/*.ts', 'operator/src/**/*.ts', 'crds/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/main.ts', 'sbc-runtime/src/kernel/**', 'operator/src/kernel/**'],
    rules: {
      'no-restricted-globals': ['error', ...timers],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only a main.ts reads the environment.' },
        { object: 'process', property: 'argv', message: 'Only a main.ts reads the arguments.' },
        { object: 'process', property: 'exit', message: 'Only a main.ts exits.' },
        { object: 'Date', property: 'now', message: 'Take the Clock port.' },
        { object: 'Math', property: 'random', message: 'Take the Random port.' },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 350 }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
);
