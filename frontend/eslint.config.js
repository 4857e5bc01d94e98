import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'

export default defineConfigWithVueTs(
  { ignores: ['dist/', 'src/api/schema.d.ts'] },
  vue.configs['flat/recommended'],
  accessibility.configs['flat/recommended'],
  vueTsConfigs.strict,
  {
    rules: {
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'vue/no-v-html': 'error',
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-macros-order': ['error', { order: ['defineOptions', 'defineProps', 'defineEmits'] }],
      // A prop with a `?` is undefined where it is not given, and its type says so.
      'vue/require-default-prop': 'off',
      'vue/no-unused-refs': 'error',
      // Labels stand in FormField, and reach their control by its id; the rules look into one file at a time.
      'vuejs-accessibility/label-has-for': 'off',
      'vuejs-accessibility/form-control-has-label': 'off',
      // A component that is all text.
      'vuejs-accessibility/heading-has-content': ['error', { accessibleChildren: ['SetApart'] }],
      // Safari forgets that a list without bullets is a list.
      'vuejs-accessibility/no-redundant-roles': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowConstructorOnly: true }],
    },
  },
  {
    // Components take props and emit events; what is fetched comes from `src/queries`, by way of the views.
    files: ['src/components/**'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@/queries/*', '@/api/client', '@/stores/*'] }] },
      ],
    },
  },
  prettier,
)
