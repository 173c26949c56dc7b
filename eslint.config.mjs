import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

/** Words that AWS, Calico or the aws provider chose: kept as they are, full stop or not. */
const QUOTED = "/^(ApiError|ProviderError)$/";

/** What is written one way only; CONTRIBUTING.md has the reasons. */
const ONE_WAY = [
  { selector: "PrivateIdentifier", message: "Private members are declared with `private`." },
  {
    selector:
      ":matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind='const'] > " +
      "VariableDeclarator[id.name=/^[a-z]/]:matches([init.type='Literal'], [init.argument.type='Literal'])",
    message: "A literal with a name at the top of a module is a constant: UPPER_CASE.",
  },
  {
    selector: `NewExpression[callee.name=/Error$/]:not([callee.name=${QUOTED}]) > Literal.arguments[value=/[^.]\\.$/]`,
    message: "A message ends without a full stop; sentences before its last have theirs.",
  },
  {
    selector: `NewExpression[callee.name=/Error$/]:not([callee.name=${QUOTED}]) > TemplateLiteral.arguments > TemplateElement[tail=true][value.cooked=/[^.]?\\.$/]`,
    message: "A message ends without a full stop; sentences before its last have theirs.",
  },
  {
    selector: "ImportDeclaration[source.value='node:assert']",
    message: 'Tests assert with `import assert from "node:assert/strict"`: assert.equal, assert.deepEqual.',
  },
  {
    selector: "ImportDeclaration[source.value='node:assert/strict'] > ImportSpecifier",
    message: 'Tests assert with `import assert from "node:assert/strict"`: assert.equal, assert.deepEqual.',
  },
];

export default tseslint.config(
  { ignores: ["out/", "sdk/", "**/node_modules/", ".stryker-tmp/"] },
  {
    files: ["**/*.ts", "**/*.mts"],
    extends: [eslint.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-restricted-syntax": ["error", ...ONE_WAY],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A record's values are unknown until its type's `check` has seen them; String() is how they are shown.
      "@typescript-eslint/no-base-to-string": "off",
      // Methods of an interface are async because others that implement it are.
      "@typescript-eslint/require-await": "off",
      // What was caught is passed on as it is.
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      // Declarations and factories here are objects of functions, without `this`.
      "@typescript-eslint/unbound-method": "off",
      // Texts of users are searched for control characters on purpose.
      "no-control-regex": "off",
    },
  },
  {
    // What other programs print as JSON is compared as it comes.
    files: ["test/**", "bench/**"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "no-loss-of-precision": "off",
    },
  },
);
