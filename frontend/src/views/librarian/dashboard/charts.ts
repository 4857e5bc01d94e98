import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartData,
  type ChartOptions,
  type Plugin,
  type Scale,
} from 'chart.js'

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
)

/** What the charts take from the page: its colours, its letters, its language and its direction. */
export interface Look {
  series: [string, string, string]
  ink: string
  soft: string
  line: string
  surface: string
  font: string
  locale: string
  isRtl: boolean
}

export function lookOf(page: Document, locale: string): Look {
  const style = getComputedStyle(page.body)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    series: [colour('series-1'), colour('series-2'), colour('series-3')],
    ink: colour('ink'),
    soft: colour('ink-soft'),
    line: colour('line'),
    surface: colour('surface'),
    font: style.fontFamily,
    locale,
    isRtl: page.dir === 'rtl',
  }
}

/** One row of numbers that a chart draws. */
export interface Series {
  label: string
  values: readonly number[]
}

// Whoever cannot tell the colours apart tells the lines by their dashes and points, and the bars by their hatching.
const dashes = [[], [8, 4], [2, 3]]
const points = ['circle', 'triangle', 'rect'] as const

function hatched(colour: string, surface: string): CanvasPattern | string {
  const tile = document.createElement('canvas')
  tile.width = tile.height = 8
  const pen = tile.getContext('2d')
  if (!pen) return colour
  pen.fillStyle = surface
  pen.fillRect(0, 0, 8, 8)
  pen.strokeStyle = colour
  pen.lineWidth = 2.5
  for (const x of [-8, 0, 8]) {
    pen.beginPath()
    pen.moveTo(x, 8)
    pen.lineTo(x + 8, 0)
    pen.stroke()
  }
  return pen.createPattern(tile, 'repeat') ?? colour
}

export const linesOf = (
  labels: readonly string[],
  series: readonly Series[],
  look: Look,
): ChartData<'line'> => ({
  labels: [...labels],
  datasets: series.map(({ label, values }, at) => {
    const colour = look.series[at] ?? look.ink
    return {
      label,
      data: [...values],
      borderColor: colour,
      backgroundColor: colour,
      borderDash: dashes[at],
      borderWidth: 2,
      pointStyle: points[at],
      // Points of a year would be a smear.
      pointRadius: labels.length > 45 ? 0 : 4,
      pointHitRadius: 12,
    }
  }),
})

export const barsOf = (
  labels: readonly string[],
  series: readonly Series[],
  look: Look,
): ChartData<'bar'> => ({
  labels: [...labels],
  datasets: series.map(({ label, values }, at) => {
    const colour = look.series[at] ?? look.ink
    return {
      label,
      data: [...values],
      borderColor: colour,
      borderWidth: 1.5,
      backgroundColor: at === 0 ? colour : hatched(colour, look.surface),
      borderRadius: 3,
      maxBarThickness: 28,
    }
  }),
})

const short = (label: string, longest: number) => {
  const letters = [...label]
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : label
}

/** Options of a chart; one of bars that lie has its names at the side. */
export function optionsFor(look: Look, lying: boolean, hasLegend: boolean): ChartOptions {
  const text = { color: look.soft, font: { family: look.font, size: 13 } }
  const whole = (value: number | string) => new Intl.NumberFormat(look.locale).format(Number(value))
  const names = {
    grid: { display: false },
    border: { color: look.line },
    ticks: {
      ...text,
      maxRotation: 0,
      autoSkipPadding: 12,
      autoSkip: !lying,
      callback(this: Scale, value: number | string) {
        return short(this.getLabelForValue(Number(value)), this.chart.width < 480 ? 15 : 28)
      },
    },
  }
  const numbers = {
    beginAtZero: true,
    // Room for the number that stands at the end of the longest bar.
    grace: hasLegend ? 0 : '12%',
    grid: { color: look.line },
    border: { display: false },
    ticks: { ...text, precision: 0, callback: whole },
  }
  const start = look.isRtl ? 'right' : 'left'
  return {
    indexAxis: lying ? 'y' : 'x',
    locale: look.locale,
    // Nothing moves: what one reads is there at once, on an old phone as well.
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: 'index', axis: lying ? 'y' : 'x', intersect: false },
    scales: {
      x: { ...(lying ? numbers : names), reverse: look.isRtl },
      y: { ...(lying ? names : numbers), position: start },
    },
    plugins: {
      legend: {
        display: hasLegend,
        rtl: look.isRtl,
        align: 'start',
        labels: {
          ...text,
          color: look.ink,
          usePointStyle: !lying,
          boxWidth: lying ? 24 : 10,
          boxHeight: 10,
          padding: 16,
        },
      },
      tooltip: {
        rtl: look.isRtl,
        textDirection: look.isRtl ? 'rtl' : 'ltr',
        bodyFont: text.font,
        titleFont: text.font,
      },
    },
  } as ChartOptions
}

/** Writes each bar's number at its end. */
export const numbersAtBars = (look: Look): Plugin => ({
  id: 'numbers-at-bars',
  afterDatasetsDraw(chart) {
    const { ctx, data, options } = chart
    const isLying = options.indexAxis === 'y'
    const form = new Intl.NumberFormat(look.locale)
    ctx.save()
    ctx.fillStyle = look.ink
    ctx.font = `13px ${look.font}`
    ctx.textBaseline = isLying ? 'middle' : 'bottom'
    ctx.textAlign = isLying ? (look.isRtl ? 'right' : 'left') : 'center'
    for (const at of data.datasets.keys())
      for (const [index, bar] of chart.getDatasetMeta(at).data.entries()) {
        const gap = look.isRtl ? -6 : 6
        const value = form.format(Number(data.datasets[at]?.data[index]))
        ctx.fillText(value, bar.x + (isLying ? gap : 0), bar.y - (isLying ? 0 : 4))
      }
    ctx.restore()
  },
})
